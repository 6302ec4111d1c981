//! Codecs by payload type, on one leg or in one slot.

use tongke_protocol::control::Codec;

/// The payload types of one m-line or slot, by codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CodecSet {
    /// One row for each [`Codec`], in the order of [`row`].
    rows: [Option<PayloadTypes>; 4],
}

/// The payload types of one codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PayloadTypes {
    pub media: u8,
    /// Of its retransmissions (RFC 4588); none: no RTX.
    pub rtx: Option<u8>,
}

fn row(codec: Codec) -> usize {
    match codec {
        Codec::H264 => 0,
        Codec::Vp8 => 1,
        Codec::Opus => 2,
        Codec::Red => 3,
    }
}

impl CodecSet {
    /// What a QUIC leg receives, with its fixed payload types. Not RED: over QUIC lost sound is asked
    /// for again, so its primary block is enough, and nodes need to know Opus only.
    pub fn quic() -> Self {
        Self::from_iter([Codec::H264, Codec::Vp8, Codec::Opus])
    }

    /// Adds a codec; the first payload type given for a codec stays, since it is the preferred one.
    pub fn add(&mut self, codec: Codec, media: u8, rtx: Option<u8>) {
        self.rows[row(codec)].get_or_insert(PayloadTypes { media, rtx });
    }

    /// Payload types of `codec`.
    pub fn payload_types(&self, codec: Codec) -> Option<PayloadTypes> {
        self.rows[row(codec)]
    }

    /// Whether a source of this codec can be received: RED also by who decodes Opus only, since its
    /// primary block is a whole Opus packet.
    pub fn takes(&self, codec: Codec) -> bool {
        self.payload_types(codec).is_some()
            || (codec == Codec::Red && self.payload_types(Codec::Opus).is_some())
    }
}

/// For QUIC legs and tests: the codecs with their fixed payload types.
impl FromIterator<Codec> for CodecSet {
    fn from_iter<I: IntoIterator<Item = Codec>>(codecs: I) -> Self {
        let mut set = Self::default();
        for codec in codecs {
            set.add(codec, codec.quic_payload_type(), None);
        }
        set
    }
}
