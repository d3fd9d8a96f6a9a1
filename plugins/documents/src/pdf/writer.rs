//! Writes small PDFs for the tests, whole ones and broken ones.

use miniz_oxide::deflate::compress_to_vec_zlib;

/// A file being written.
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    places: Vec<(u32, usize)>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), places: Vec::new() }
    }

    /// An object.
    pub(super) fn object(&mut self, number: u32, text: &str) -> &mut Self {
        self.places.push((number, self.bytes.len()));
        self.bytes.extend(format!("{number} 0 obj\n{text}\nendobj\n").bytes());
        self
    }

    /// A stream as it is; `fields` are added to its dictionary.
    pub(super) fn stream(&mut self, number: u32, fields: &str, data: &[u8]) -> &mut Self {
        self.places.push((number, self.bytes.len()));
        self.bytes.extend(format!("{number} 0 obj\n<< /Length {} {fields} >>\nstream\n", data.len()).bytes());
        self.bytes.extend(data);
        self.bytes.extend(b"\nendstream\nendobj\n");
        self
    }

    /// A stream that is packed.
    pub(super) fn packed(&mut self, number: u32, fields: &str, data: &[u8]) -> &mut Self {
        self.stream(number, &format!("/Filter /FlateDecode {fields}"), &compress_to_vec_zlib(data, 6))
    }

    /// The end: a table of the objects and the trailer.
    pub(super) fn end(&mut self, trailer: &str) -> Vec<u8> {
        let table = self.bytes.len();
        self.bytes.extend(b"xref\n");
        for (number, place) in &self.places {
            self.bytes.extend(format!("{number} 1\n{place:010} 00000 n \n").bytes());
        }
        self.bytes.extend(format!("trailer\n<< /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n").bytes());
        self.bytes.clone()
    }
}

/// A catalog, a tree of pages and a font: objects 1, 2 and 3; the pages are 10, 20, .. and their contents 11, 21, ...
pub(super) fn book(contents: &[&str]) -> Writer {
    let mut writer = Writer::new();
    let kids: Vec<String> = (1..=contents.len()).map(|page| format!("{} 0 R", page * 10)).collect();
    writer
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .object(
            2,
            &format!(
                "<< /Type /Pages /Count {} /Kids [{}] /Resources << /Font << /F1 3 0 R >> >> >>",
                contents.len(),
                kids.join(" ")
            ),
        )
        .object(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    for (number, content) in (1..).zip(contents) {
        let page = number * 10;
        writer
            .object(
                page,
                &format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R >>", page + 1),
            )
            .packed(page + 1, "", content.as_bytes());
    }
    writer
}

/// The content of a page with these lines.
pub(super) fn lines(lines: &[&str]) -> String {
    let shown: Vec<String> = lines.iter().map(|line| format!("({line}) Tj T*")).collect();
    format!("BT /F1 12 Tf 14 TL 72 720 Td {} ET", shown.join(" "))
}
