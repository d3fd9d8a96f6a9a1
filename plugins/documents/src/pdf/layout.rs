//! Pieces of text on a page become lines: what stands apart is parted by a blank, a line or an empty line.

/// A gap of so much of the size is a blank between words: those of narrow fonts are a fifth, letters stand closer.
const BLANK: f64 = 0.18;
/// A step down or up of so much is another line; what is raised is not.
const LINE: f64 = 0.5;
/// A step of so much is another paragraph: lines are mostly 1.2 apart.
const PARAGRAPH: f64 = 1.75;
/// A step back of so much is another column or cell.
const BACK: f64 = 1.0;

/// Where a piece of text begins or ends, and how large it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The direction of writing, of length 1.
    pub(super) direction: (f64, f64),
    pub(super) size: f64,
}

/// A page's text as it grows.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) text: String,
    last: Option<Pen>,
}

impl Layout {
    /// Adds a piece that begins and ends there.
    pub(super) fn add(&mut self, piece: &str, begin: Pen, end: Pen) {
        if let Some(last) = self.last {
            self.part(last, begin, piece);
        }
        self.text.push_str(piece);
        self.last = Some(end);
    }

    fn part(&mut self, last: Pen, next: Pen, piece: &str) {
        let (dx, dy) = (next.x - last.x, next.y - last.y);
        let (ex, ey) = last.direction;
        let (along, across) = (dx * ex + dy * ey, (dy * ex - dx * ey).abs());
        let size = last.size.max(next.size).max(f64::MIN_POSITIVE);
        if across > PARAGRAPH * size {
            self.end_line();
            self.text.push_str("\n\n");
        } else if across > LINE * size || along < -BACK * size {
            self.end_line();
            self.text.push('\n');
        } else if along > BLANK * size && !self.text.ends_with(char::is_whitespace) && !piece.starts_with(' ') {
            self.text.push(' ');
        }
    }

    fn end_line(&mut self) {
        let end = self.text.trim_end().len();
        self.text.truncate(end);
    }

    /// The page's text: blanks and empty lines once, words that a line's end parted whole again.
    pub(super) fn finish(self) -> String {
        let mut out = String::with_capacity(self.text.len());
        for line in self.text.split('\n') {
            let words = line.split_whitespace();
            let begin = out.len();
            for (at, word) in words.enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                out.push_str(word);
            }
            let empty = begin == out.len();
            if empty && (out.is_empty() || out.ends_with("\n\n")) {
                continue;
            }
            if !empty {
                join(&mut out, begin);
            }
            out.push('\n');
        }
        let end = out.trim_end().len();
        out.truncate(end);
        out
    }
}

/// Takes the hyphen away between a line and the one that begins at a place, where a word goes over: letters of one case.
fn join(out: &mut String, begin: usize) {
    let Some(before) = out.get(..begin).and_then(|before| before.strip_suffix("-\n")) else { return };
    let ends = before.chars().next_back().zip(out.get(begin..).and_then(|after| after.chars().next()));
    if ends.is_some_and(|(a, b)| a.is_lowercase() && b.is_lowercase() || a.is_uppercase() && b.is_uppercase()) {
        let from = before.len();
        out.replace_range(from..begin, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(pieces: &[(f64, f64, f64, &str)]) -> String {
        let mut layout = Layout::default();
        for (x, y, width, text) in pieces {
            let begin = Pen { x: *x, y: *y, direction: (1.0, 0.0), size: 10.0 };
            layout.add(text, begin, Pen { x: x + width, ..begin });
        }
        layout.finish()
    }

    #[test]
    fn gaps_are_blanks_lines_and_paragraphs() {
        assert_eq!(
            laid(&[(0.0, 100.0, 15.0, "gre"), (15.4, 100.0, 10.0, "en"), (28.0, 100.0, 10.0, "tea")]),
            "green tea"
        );
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "x"), (15.0, 103.5, 5.0, "2")]), "x2", "what is raised stays");
        assert_eq!(
            laid(&[(0.0, 100.0, 15.0, "one"), (0.0, 88.0, 15.0, "two"), (0.0, 60.0, 9.0, "three")]),
            "one\ntwo\n\nthree"
        );
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "right"), (-300.0, 100.0, 15.0, "left")]), "right\nleft");
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "a "), (18.0, 100.0, 15.0, " b")]), "a b");
    }

    #[test]
    fn a_word_over_two_lines_is_whole_again() {
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "a won-"), (0.0, 88.0, 15.0, "derful tea")]), "a wonderful tea");
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "pages 3-"), (0.0, 88.0, 15.0, "5")]), "pages 3-\n5");
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "SE-"), (0.0, 88.0, 15.0, "QUENCE")]), "SEQUENCE");
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "Smith-"), (0.0, 88.0, 15.0, "Jones")]), "Smith-\nJones");
        assert_eq!(laid(&[(0.0, 100.0, 15.0, "é-"), (0.0, 88.0, 15.0, "ü")]), "éü");
    }

    #[test]
    fn places_without_sense_do_no_harm() {
        let odd = Pen { x: f64::NAN, y: f64::INFINITY, direction: (f64::NAN, 0.0), size: 0.0 };
        let mut layout = Layout::default();
        for _ in 0..3 {
            layout.add("a", odd, odd);
        }
        assert_eq!(layout.finish(), "aaa");
    }
}
