//! RTP and RTCP: headers, extensions, payload formats, loss repair.
