//! Server-sent events (WHATWG HTML §9.2), as far as the relay's event stream needs them.

/// Longest event taken, in bytes; a longer one is dropped whole.
const MAX_EVENT_LEN: usize = 1 << 20;

/// Reads an event stream as it comes.
#[derive(Debug, Default)]
pub(super) struct EventStreamReader {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    too_long: bool,
    after_cr: bool,
}

impl EventStreamReader {
    /// Takes bytes and appends the data of each event that is whole now.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<String>) {
        for &byte in bytes {
            match byte {
                b'\n' if self.after_cr => {}
                b'\r' | b'\n' => self.end_line(out),
                _ if self.line.len() >= MAX_EVENT_LEN => self.too_long = true,
                _ => self.line.push(byte),
            }
            self.after_cr = byte == b'\r';
        }
    }

    fn end_line(&mut self, out: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            if std::mem::take(&mut self.has_data) && !std::mem::take(&mut self.too_long) {
                out.push(data);
            }
            return;
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        // Comments (keep-alives), event names and ids say nothing that the data does not.
        if field != "data" {
            return;
        }
        if self.data.len() + value.len() > MAX_EVENT_LEN {
            self.too_long = true;
            return;
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push('\n');
        }
        self.data.push_str(value.strip_prefix(' ').unwrap_or(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&str]) -> Vec<String> {
        let mut reader = EventStreamReader::default();
        let mut out = Vec::new();
        chunks.iter().for_each(|chunk| reader.push(chunk.as_bytes(), &mut out));
        out
    }

    #[test]
    fn events_come_whole_however_they_are_cut() {
        let text = "event: hand\ndata: {\"a\":1}\n\n: keep-alive\n\ndata: x\r\ndata:y\r\n\r\n";
        for cut in 0..text.len() {
            let (left, right) = text.split_at(cut);
            assert_eq!(read(&[left, right]), ["{\"a\":1}", "x\ny"], "cut at {cut}");
        }
    }

    #[test]
    fn an_event_that_never_ends_takes_bounded_memory() {
        let mut reader = EventStreamReader::default();
        let mut out = Vec::new();
        reader.push(b"data: ", &mut out);
        for _ in 0..40 {
            reader.push(&[b'x'; 65_536], &mut out);
        }
        assert!(reader.line.len() <= MAX_EVENT_LEN);
        reader.push(b"\n\ndata: after\n\n", &mut out);
        assert_eq!(out, ["after"]);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        let mut reader = EventStreamReader::default();
        let mut out = Vec::new();
        reader.push(b"data: \xff\xfe\n\n", &mut out);
        assert_eq!(out.len(), 1);
    }
}
