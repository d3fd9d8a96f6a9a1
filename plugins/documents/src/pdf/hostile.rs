//! Whole files: what is read of good ones, and how bad ones end.

use super::writer::{Writer, book, lines};
use super::*;
use miniz_oxide::deflate::compress_to_vec_zlib;
use std::time::{Duration, Instant};

fn text(bytes: &[u8]) -> String {
    read(bytes, &|| true).unwrap().text
}

/// How a bad file ends. The work it may cause is an eighth of the real one: tests are not optimised.
fn trouble(bytes: &[u8]) -> Trouble {
    let begin = Instant::now();
    let trouble = read_within(bytes, &Meter::new(MOST_WORK / 8, &|| true)).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(
        trouble.to_string().contains(':') || matches!(trouble, Trouble::TooMuch(_)),
        "it says what to do: {trouble}"
    );
    trouble
}

fn too_much(bytes: &[u8]) -> bool {
    matches!(trouble(bytes), Trouble::TooMuch(_))
}

#[test]
fn pages_have_their_lines_and_the_file_its_title() {
    let file = book(&[&lines(&["Green tea grows", "in Uji."]), &lines(&["The train leaves at nine."])])
        .object(90, "<< /Title <FEFF00540065006100200026002000740072006100690066> >>")
        .end("/Info 90 0 R");
    let read = read(&file, &|| true).unwrap();
    assert_eq!(read.text, "Green tea grows\nin Uji.\u{c}The train leaves at nine.");
    assert_eq!((read.title.as_deref(), read.lacks), (Some("Tea & traif"), None));
}

#[test]
fn objects_in_streams_are_found_and_later_ones_hold() {
    let members = "<< /Type /Pages /Count 1 /Kids [10 0 R] >> \
         << /Type /Page /Parent 2 0 R /Contents [11 0 R 12 0 R] /Resources << /Font << /F1 3 0 R >> >> >> \
         << /Type /Font /Subtype /TrueType /BaseFont /Arial >>";
    let at = |what: &str| members.find(what).unwrap();
    let head = format!("2 0 10 {} 3 {} ", at("<< /Type /Page /"), at("<< /Type /Font"));
    let mut writer = Writer::new();
    let file = writer
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .packed(5, &format!("/Type /ObjStm /N 3 /First {}", head.len()), format!("{head}{members}").as_bytes())
        .packed(11, "", b"BT /F1 12 Tf 72 700 Td (old")
        .packed(11, "", b"BT /F1 12 Tf 72 700 Td (ne")
        .stream(12, "", b"w) Tj ET")
        .end("");
    // The line's end that parts two streams is no letter.
    assert_eq!(text(&file), "new");
    let mut updated = file.clone();
    updated.extend(b"12 0 obj\n<< /Length 13 0 R >>\nstream\nxt) Tj ET\nendstream\nendobj\n13 0 obj\n9\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n");
    assert_eq!(text(&updated), "next");
}

#[test]
fn fonts_with_tables_differences_and_two_bytes_tell_their_text() {
    let table =
        b"2 beginbfchar <0001> <0054> <0002> <00650061> endbfchar 1 beginbfrange <0010> <0012> <0430> endbfrange";
    let page = "BT /T 12 Tf 72 700 Td <000100020010> Tj /D 12 Tf 30 0 Td (ab) Tj /U 12 Tf 0 -14 Td <65E5672C> Tj ET \
                /X Do BI /W 1 /H 1 ID \x00 EI x EI BT /D 12 Tf 72 500 Td [(a) -300 (a) 20 (a)] TJ ET";
    let mut writer = Writer::new();
    let file = writer
        .object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        .object(2, "<< /Kids [10 0 R] >>")
        .object(
            10,
            "<< /Type /Page /Contents 11 0 R /Resources << /XObject << /X 30 0 R >> /Font << /T << /Subtype /Type0 /Encoding /Identity-H /ToUnicode 20 0 R \
             /DescendantFonts [<< /W [1 [600 900] 16 18 600] >>] >> /D << /Subtype /Type1 /Widths [500 500] /FirstChar 97 /Encoding << /Differences [97 /f_i /adieresis] >> >> \
             /U << /Subtype /Type0 /Encoding /UniJIS-UCS2-H >> >> >> >>",
        )
        .packed(11, "", page.as_bytes())
        .packed(20, "", table)
        .packed(30, "/Subtype /Form /Matrix [1 0 0 1 0 -100]", b"BT /D 12 Tf 72 700 Td (b) Tj ET /X Do")
        .end("");
    assert_eq!(text(&file), "Teaа fiä\n日本\n\nä\n\nfi fifi");
}

#[test]
fn what_is_missing_on_single_pages_is_told() {
    let torn = compress_to_vec_zlib(lines(&["A long line about tea."; 50]).as_bytes(), 6);
    let mut writer = book(&[&lines(&["Tea"]), "", ""]);
    writer
        .stream(21, "/Filter /FlateDecode", &torn[..torn.len() / 2])
        .object(30, "<< /Type /Page /Contents 31 0 R /Resources << /XObject << /I 40 0 R >> >> >>")
        .stream(31, "", b"/I Do")
        .stream(40, "/Subtype /Image /Filter /DCTDecode", b"picture");
    let read = read(&writer.end(""), &|| true).unwrap();
    assert!(read.text.starts_with("Tea\u{c}"));
    let lacks = read.lacks.unwrap();
    assert!(lacks.contains("not indexed (page 2)") && lacks.contains("no text (page 3)"), "{lacks}");
}

#[test]
fn files_without_text_say_so() {
    let mut writer = book(&["q 612 0 0 792 0 0 cm /I Do Q"]);
    writer.object(2, "<< /Kids [10 0 R] /Resources << /XObject << /I 40 0 R >> >> >>").stream(
        40,
        "/Subtype /Image /Width 2550 /Height 3300 /Filter /DCTDecode",
        &[0xff; 5_000],
    );
    assert_eq!(trouble(&writer.end("")), Trouble::Pictures);
    assert_eq!(trouble(&book(&["BT ET", ""]).end("")), Trouble::Empty);
    let mut writer = book(&["BT /F1 12 Tf <000100020003> Tj ET"]);
    writer.object(3, "<< /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< >>] >>");
    assert_eq!(trouble(&writer.end("")), Trouble::Letters);
}

#[test]
fn encrypted_files_are_not_read() {
    let file = book(&[&lines(&["secret"])]).end("/Encrypt << /Filter /Standard /V 5 >>");
    assert_eq!(trouble(&file), Trouble::Encrypted);
    let mut writer = book(&[&lines(&["secret"])]);
    let file = writer.packed(50, "/Type /XRef /Root 1 0 R /Encrypt 51 0 R /W [1 2 1] /Size 60", b"").end("");
    assert_eq!(trouble(&file), Trouble::Encrypted);
}

#[test]
fn a_file_cut_off_anywhere_is_known_to_be() {
    let file = book(&[&lines(&["Green tea"]), &lines(&["Trains"])]).end("");
    let table = file.windows(9).rposition(|window| window == b"startxref").unwrap();
    for length in (8..table).step_by(7) {
        assert_eq!(trouble(&file[..length]), Trouble::Truncated, "{length}");
    }
    assert_eq!(trouble(b"<html>Not found</html>"), Trouble::Foreign);
    assert_eq!(trouble(b""), Trouble::Foreign);
}

#[test]
fn damaged_trees_and_circles_end() {
    let tree = |kids: &str| book(&[&lines(&["Tea"])]).object(2, kids).end("");
    for kids in [
        "<< /Kids [2 0 R] >>",
        "<< /Kids [77 0 R] >>",
        "<< /Kids [10 0 R 10 0 R] >>",
        "<< /Kids [] >>",
        "2 0 R",
        "null",
        "[",
    ] {
        assert_eq!(trouble(&tree(kids)), Trouble::Damaged, "{kids}");
    }
    let mut writer = book(&[&lines(&["Tea"])]);
    assert_eq!(trouble(&writer.object(1, "<< /Pages 1 0 R >>").end("")), Trouble::Empty);
    // A length, a filter and a font that lead in a circle.
    let mut writer = book(&[&lines(&["Tea"])]);
    let file = writer
        .object(60, "61 0 R")
        .object(61, "60 0 R")
        .stream(11, "/Length 60 0 R /Filter 60 0 R", b"BT /F1 1 Tf (Tea) Tj ET")
        .object(3, "<< /Encoding 60 0 R /Widths 60 0 R /ToUnicode 60 0 R /Subtype 60 0 R >>")
        .end("/Info 60 0 R");
    assert_eq!(text(&file), "Tea", "what leads nowhere is as if it were not there");
}

#[test]
fn trees_that_are_too_deep_or_too_wide_end() {
    let mut writer = book(&[&lines(&["Tea"])]);
    writer.object(2, "<< /Kids [100 0 R] >>");
    (100..20_000).for_each(|number| _ = writer.object(number, &format!("<< /Kids [{} 0 R] >>", number + 1)));
    assert!(too_much(&writer.end("")));
    let mut writer = book(&[&lines(&["Tea"])]);
    let kids: String = (100..6_000).map(|number| format!("{number} 0 R ")).collect();
    writer.object(2, &format!("<< /Kids [{kids}] >>"));
    (100..6_000).for_each(|number| _ = writer.object(number, "<< /Type /Page >>"));
    assert!(too_much(&writer.end("")));
}

#[test]
fn bombs_end_within_bounds() {
    let zeros = compress_to_vec_zlib(&vec![b' '; 512 << 20], 1);
    let twice = compress_to_vec_zlib(&zeros, 9);
    // In a page, nested, as a font's table, as an object stream.
    let mut page = book(&[""]);
    assert!(too_much(&page.stream(11, "/Filter /FlateDecode", &zeros).end("")));
    let mut nested = book(&[""]);
    assert!(too_much(&nested.stream(11, "/Filter [/FlateDecode /FlateDecode]", &twice).end("")));
    let mut font = book(&[&lines(&["Tea"])]);
    font.object(3, "<< /Subtype /Type1 /ToUnicode 70 0 R >>").stream(70, "/Filter /FlateDecode", &zeros);
    assert!(too_much(&font.end("")));
    let mut objects = book(&[&lines(&["Tea"])]);
    objects.stream(70, "/Type /ObjStm /N 4294967295 /First 0 /Filter /FlateDecode", &zeros);
    assert!(too_much(&objects.end("")));
    // A picture is not unpacked.
    let mut picture = book(&[&format!("{} /I Do", lines(&["Tea"]))]);
    picture.stream(70, "/Subtype /Image /Filter /FlateDecode", &zeros);
    assert_eq!(text(&picture.end("")), "Tea");
}

#[test]
fn many_small_bombs_end_within_bounds() {
    let seven = compress_to_vec_zlib(&vec![b' '; 7 << 20], 9);
    let mut writer = book(&["", ""]);
    let parts = "70 0 R ".repeat(1_000);
    writer.object(10, &format!("<< /Contents [{parts}] >>")).stream(70, "/Filter /FlateDecode", &seven);
    assert!(too_much(&writer.end("")), "one page of many parts");
    let mut writer = book(&[""; 100]);
    (1..=100).for_each(|page| _ = writer.stream(page * 10 + 1, "/Filter /FlateDecode", &seven));
    assert!(too_much(&writer.end("")), "many pages");
    let mut writer = book(&["Tea"]);
    for number in 100..200 {
        writer.stream(number, "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &seven);
    }
    assert!(too_much(&writer.end("")), "many object streams");
    let mut writer = book(&["Tea"]);
    let numbers: String = (0..400_000).map(|number| format!("{number} 0 ")).collect();
    writer.packed(70, "/Type /ObjStm /N 400000 /First 4", numbers.as_bytes());
    assert!(too_much(&writer.end("")), "more objects than there can be");
}

#[test]
fn of_a_book_that_is_too_long_the_first_pages_are_read() {
    let page = lines(&["A line of eighty letters about green tea, trains, Kyoto, and what to drink there"; 2_000]);
    let file = book(&[page.as_str(); 40]).end("");
    let found = read(&file, &|| true).unwrap();
    assert!((MOST_TEXT - 200_000..=MOST_TEXT + 100).contains(&found.text.len()), "{}", found.text.len());
    let pages = found.text.matches(PAGE_END).count() + 1;
    assert_eq!(found.lacks, Some(format!("it is too long: only its first {pages} pages of 40 are indexed")));
}

#[test]
fn large_fonts_are_forgotten_and_read_again() {
    let table = |letter: char| {
        let entries: String = (0..9_000).map(|code| format!("<{code:04x}> <{:04x}0042> ", u32::from(letter))).collect();
        format!("beginbfchar {entries} endbfchar")
    };
    let content: String =
        (0..30).map(|font| format!("BT /F{font} 10 Tf 72 {} Td <0001> Tj ET ", 700 - font * 12)).collect();
    let fonts: String = (0..30).map(|font| format!("/F{font} {} 0 R ", 100 + font)).collect();
    let mut writer = book(&[&content, &content]);
    writer.object(2, &format!("<< /Kids [10 0 R 20 0 R] /Resources << /Font << {fonts} >> >> >>"));
    for font in 0..30 {
        writer
            .object(100 + font, &format!("<< /Subtype /Type0 /Encoding /Identity-H /ToUnicode {} 0 R >>", 200 + font))
            .packed(200 + font, "", table(char::from_u32(u32::from('A') + font).unwrap()).as_bytes());
    }
    let found = text(&writer.end(""));
    let pages: Vec<&str> = found.split(PAGE_END).collect();
    assert_eq!(pages[0].lines().count(), 30);
    assert!(pages[0].starts_with("AB\nBB\nCB") && pages[0] == pages[1], "{found}");
}

#[test]
fn reading_ends_when_there_is_no_time() {
    let many = vec![lines(&["Green tea grows in Uji."; 500]); 100];
    let file = book(&many.iter().map(String::as_str).collect::<Vec<_>>()).end("");
    assert!(read(&file, &|| true).is_ok());
    assert!(matches!(read(&file, &|| false), Err(Trouble::TooMuch(_))));
}

#[test]
fn forms_that_multiply_end_within_bounds() {
    let mut writer = book(&["/X Do"]);
    writer.object(2, "<< /Kids [10 0 R] /Resources << /XObject << /X 40 0 R >> >> >>");
    for number in 40..60 {
        let next = format!("/Subtype /Form /Resources << /XObject << /X {} 0 R >> >>", number + 1);
        writer.packed(number, &next, "/X Do ".repeat(1_000).as_bytes());
    }
    assert!(too_much(&writer.end("")));
    // One code that means much, shown often.
    let mut writer = book(&[&format!("BT /F1 1 Tf ({}) Tj ET", "a".repeat(1_000_000))]);
    let long = format!("1 beginbfchar <61> <{}> endbfchar", "0041".repeat(10_000));
    writer.object(3, "<< /Subtype /Type1 /ToUnicode 70 0 R >>").packed(70, "", long.as_bytes());
    assert!(too_much(&writer.end("")));
    // Widths for all codes, again and again.
    let mut writer = book(&[&lines(&["Tea"])]);
    let widths = "0 65535 500 ".repeat(15_000);
    writer.object(3, &format!("<< /Subtype /Type0 /DescendantFonts [<< /W [{widths}] >>] >>"));
    assert_eq!(trouble(&writer.end("")), Trouble::Letters);
}

#[test]
fn files_of_brackets_and_numbers_end_within_bounds() {
    for piece in [
        "1 0 obj (",
        "1 0 obj [",
        "1 0 obj << /A ",
        "1 0 obj << /Length 9 >> stream\n",
        "trailer << /A (",
        "% ",
        "obj obj ",
    ] {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        bytes.extend(piece.repeat(4_000_000 / piece.len()).bytes());
        bytes.extend(b"\nstartxref\n0\n%%EOF");
        trouble(&bytes);
    }
    let mut bytes = b"%PDF-1.7\n".to_vec();
    (0..600_000).for_each(|number| bytes.extend(format!("{number} 0 obj 0 ").bytes()));
    assert!(too_much(&bytes));
    let mut page = book(&[&"[".repeat(2_000_000)]);
    trouble(&page.end(""));
}

#[test]
fn a_file_changed_anywhere_never_harms() {
    let file = book(&[&lines(&["Green tea grows in Uji."])]).object(90, "<< /Title (Tea) >>").end("/Info 90 0 R");
    for at in 0..file.len() {
        for byte in [0, b'<', b'(', 0xff, b'9'] {
            let mut changed = file.clone();
            changed[at] = byte;
            _ = read(&changed, &|| true);
        }
    }
}
