//! What pictures look like and how regularly they come, as facts; there is no quality score here.

pub mod camera;
pub mod libwebrtc_freeze;
pub mod luma;
pub mod pacing;
pub mod similarity;

pub use camera::{CameraFault, CameraWatch};
pub use libwebrtc_freeze::LibwebrtcFreezes;
pub use luma::{Luma, LumaError, LumaStatistics};
pub use pacing::FramePacing;
pub use similarity::{PictureComparison, SimilarityError, psnr_db, ssim};
