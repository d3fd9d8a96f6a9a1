//! Which letters the codes of simple fonts mean: the standard tables (ISO 32000-1, annex D) and the names of glyphs.
//!
//! The names are those of Adobe's list for new fonts (AGLFN 1.7) for Latin, Greek and signs, Cyrillic by its numbers, and the rules of
//! the Adobe Glyph List Specification for `uni0041`, `f_f_i` and `a.alt`.

use super::syntax::Object;
use std::collections::BTreeMap;

/// Codes 128 to 159 of WinAnsiEncoding; the rest is Latin-1. A blank: nothing.
const WIN: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
/// Codes 128 to 255 of MacRomanEncoding.
const MAC: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\0ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
/// Codes 160 to 255 of StandardEncoding.
const STANDARD: &str =
    " ¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß    ";
/// A name and its character, one after the other. Single letters are their own names.
const NAMES: &str = "AE Æ Aacute Á Abreve Ă Acircumflex Â Adieresis Ä Agrave À Alpha Α Alphatonos Ά Amacron Ā Aogonek Ą Aring Å \
     Atilde Ã Beta Β Cacute Ć Ccaron Č Ccedilla Ç Ccircumflex Ĉ Cdotaccent Ċ Chi Χ Dcaron Ď Dcroat Đ Delta ∆ Eacute É \
     Ebreve Ĕ Ecaron Ě Ecircumflex Ê Edieresis Ë Edotaccent Ė Egrave È Emacron Ē Eng Ŋ Eogonek Ę Epsilon Ε \
     Epsilontonos Έ Eta Η Etatonos Ή Eth Ð Euro € Gamma Γ Gbreve Ğ Gcircumflex Ĝ Gdotaccent Ġ Hbar Ħ Hcircumflex Ĥ \
     IJ Ĳ Iacute Í Ibreve Ĭ Icircumflex Î Idieresis Ï Idotaccent İ Igrave Ì Imacron Ī Iogonek Į Iota Ι Iotadieresis Ϊ \
     Iotatonos Ί Itilde Ĩ Jcircumflex Ĵ Kappa Κ Lacute Ĺ Lambda Λ Lcaron Ľ Ldot Ŀ Lslash Ł Mu Μ Nacute Ń Ncaron Ň \
     Ntilde Ñ Nu Ν OE Œ Oacute Ó Obreve Ŏ Ocircumflex Ô Odieresis Ö Ograve Ò Ohungarumlaut Ő Omacron Ō Omega Ω \
     Omegatonos Ώ Omicron Ο Omicrontonos Ό Oslash Ø Otilde Õ Phi Φ Pi Π Psi Ψ Racute Ŕ Rcaron Ř Rho Ρ Sacute Ś \
     Scaron Š Scedilla Ş Scircumflex Ŝ Sigma Σ Tau Τ Tbar Ŧ Tcaron Ť Theta Θ Thorn Þ Uacute Ú Ubreve Ŭ Ucircumflex Û \
     Udieresis Ü Ugrave Ù Uhungarumlaut Ű Umacron Ū Uogonek Ų Upsilon Υ Upsilon1 ϒ Upsilondieresis Ϋ Upsilontonos Ύ \
     Uring Ů Utilde Ũ Wcircumflex Ŵ Xi Ξ Yacute Ý Ycircumflex Ŷ Ydieresis Ÿ Zacute Ź Zcaron Ž Zdotaccent Ż Zeta Ζ \
     aacute á abreve ă acircumflex â acute ´ adieresis ä ae æ agrave à alpha α alphatonos ά amacron ā ampersand & \
     anoteleia · aogonek ą approxequal ≈ aring å arrowboth ↔ arrowdown ↓ arrowleft ← arrowright → arrowup ↑ \
     arrowupdn ↕ asciicircum ^ asciitilde ~ asterisk * at @ atilde ã backslash \\ bar | beta β braceleft { \
     braceright } bracketleft [ bracketright ] breve ˘ brokenbar ¦ bullet • cacute ć caron ˇ ccaron č ccedilla ç \
     ccircumflex ĉ cdotaccent ċ cedilla ¸ cent ¢ chi χ circumflex ˆ colon : comma , copyright © currency ¤ dagger † \
     daggerdbl ‡ dcaron ď dcroat đ degree ° delta δ dieresis ¨ dieresistonos ΅ divide ÷ dollar $ dotaccent ˙ \
     dotlessi ı eacute é ebreve ĕ ecaron ě ecircumflex ê edieresis ë edotaccent ė egrave è eight 8 ellipsis … \
     emacron ē emdash — endash – eng ŋ eogonek ę epsilon ε epsilontonos έ equal = estimated ℮ eta η etatonos ή eth ð \
     exclam ! exclamdbl ‼ exclamdown ¡ figuredash ‒ five 5 florin ƒ four 4 fraction ⁄ gamma γ gbreve ğ gcircumflex ĝ \
     gdotaccent ġ germandbls ß grave ` greater > greaterequal ≥ guillemotleft « guillemotright » guilsinglleft ‹ \
     guilsinglright › hbar ħ hcircumflex ĥ hungarumlaut ˝ hyphen - iacute í ibreve ĭ icircumflex î idieresis ï \
     igrave ì ij ĳ imacron ī infinity ∞ integral ∫ iogonek į iota ι iotadieresis ϊ iotadieresistonos ΐ iotatonos ί \
     itilde ĩ jcircumflex ĵ kappa κ kgreenlandic ĸ lacute ĺ lambda λ lcaron ľ ldot ŀ less < lessequal ≤ logicalnot ¬ \
     longs ſ lozenge ◊ lslash ł macron ¯ minus − minute ′ mu µ multiply × nacute ń napostrophe ŉ ncaron ň nine 9 \
     notequal ≠ ntilde ñ nu ν numbersign # oacute ó obreve ŏ ocircumflex ô odieresis ö oe œ ogonek ˛ ograve ò \
     ohungarumlaut ő omacron ō omega ω omega1 ϖ omegatonos ώ omicron ο omicrontonos ό one 1 onedotenleader ․ \
     onehalf ½ onequarter ¼ ordfeminine ª ordmasculine º oslash ø otilde õ paragraph ¶ parenleft ( parenright ) \
     partialdiff ∂ percent % period . periodcentered · perthousand ‰ phi φ phi1 ϕ pi π plus + plusminus ± product ∏ \
     psi ψ question ? questiondown ¿ quotedbl \" quotedblbase „ quotedblleft “ quotedblright ” quoteleft ‘ \
     quotereversed ‛ quoteright ’ quotesinglbase ‚ quotesingle ' racute ŕ radical √ rcaron ř registered ® rho ρ \
     ring ˚ sacute ś scaron š scedilla ş scircumflex ŝ second ″ section § semicolon ; seven 7 sigma σ sigma1 ς six 6 \
     slash / sterling £ summation ∑ tau τ tbar ŧ tcaron ť theta θ theta1 ϑ thorn þ three 3 threequarters ¾ tilde ˜ \
     tonos ΄ trademark ™ two 2 twodotenleader ‥ uacute ú ubreve ŭ ucircumflex û udieresis ü ugrave ù uhungarumlaut ű \
     umacron ū underscore _ underscoredbl ‗ uogonek ų upsilon υ upsilondieresis ϋ upsilondieresistonos ΰ \
     upsilontonos ύ uring ů utilde ũ wcircumflex ŵ xi ξ yacute ý ycircumflex ŷ ydieresis ÿ yen ¥ zacute ź zcaron ž \
     zdotaccent ż zero 0 zeta ζ";

/// The text of each of 256 codes; empty where there is none.
pub(super) type Table = Vec<String>;

/// A standard table; by its name, else that of the kind of font.
pub(super) fn table(name: Option<&[u8]>, true_type: bool) -> Table {
    let win = true_type || name == Some(b"WinAnsiEncoding");
    let (first, high) = match name {
        Some(b"MacRomanEncoding") => (128, MAC),
        _ if win => (128, WIN),
        _ => (160, STANDARD),
    };
    let mut high = high.chars();
    (0..=255_u8)
        .map(|code| {
            let char = match code {
                b'\'' if first == 160 => '’',
                b'`' if first == 160 => '‘',
                0x20..0x7f => char::from(code),
                _ if code >= first && (first == 160 || !win || code < 160) => high.next().unwrap_or(' '),
                0xa0.. if win => char::from(code),
                _ => ' ',
            };
            if matches!(char, '\0' | ' ') && code != b' ' { String::new() } else { spelled(char) }
        })
        .collect()
}

/// Changes a table by a list of codes and the names that follow each.
pub(super) fn differences(table: &mut Table, list: &[Object], names: &Names) {
    let mut code = 0;
    for item in list {
        if let Some(number) = item.whole() {
            code = usize::try_from(number).unwrap_or(usize::MAX);
        } else if let Some(name) = item.name() {
            if let Some(place) = table.get_mut(code) {
                *place = names.text(name).unwrap_or_default();
            }
            code = code.saturating_add(1);
        }
    }
}

/// A character as it is written in words: ligatures are their letters.
pub(super) fn spelled(char: char) -> String {
    match char {
        'ﬀ' => "ff".into(),
        'ﬁ' => "fi".into(),
        'ﬂ' => "fl".into(),
        'ﬃ' => "ffi".into(),
        'ﬄ' => "ffl".into(),
        'ﬅ' | 'ﬆ' => "st".into(),
        '\u{a0}' => " ".into(),
        '\u{ad}' => "-".into(),
        char => char.into(),
    }
}

/// Names of glyphs.
pub(super) struct Names(BTreeMap<&'static str, &'static str>);

impl Names {
    pub(super) fn new() -> Self {
        let mut words = NAMES.split_ascii_whitespace();
        Self(std::iter::from_fn(|| words.next().zip(words.next())).collect())
    }

    /// The text of a glyph; none where its name tells nothing.
    pub(super) fn text(&self, name: &[u8]) -> Option<String> {
        let name = std::str::from_utf8(name).ok()?;
        let name = name.split_once('.').map_or(name, |(name, _)| name);
        let parts: Option<String> = name.split('_').map(|part| self.part(part)).collect();
        parts.filter(|text| !text.is_empty())
    }

    fn part(&self, name: &str) -> Option<String> {
        let mut chars = name.chars();
        if let (Some(char), None) = (chars.next(), chars.next()) {
            return Some(char.into());
        }
        if let Some(text) = self.0.get(name) {
            return Some((*text).to_owned());
        }
        match name {
            "space" | "nbspace" | "nonbreakingspace" => return Some(" ".into()),
            "ff" | "fi" | "fl" | "ffi" | "ffl" => return Some(name.into()),
            "sfthyphen" | "softhyphen" => return Some("-".into()),
            _ => {}
        }
        let hexadecimal = |digits: &str| char::from_u32(u32::from_str_radix(digits, 16).ok()?).map(spelled);
        if let Some(digits) = name.strip_prefix("uni").filter(|digits| digits.len() >= 4 && digits.len() % 4 == 0) {
            let pieces = (0..digits.len()).step_by(4).map(|at| digits.get(at..at + 4).and_then(hexadecimal));
            return pieces.collect();
        }
        if let Some(digits) = name.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len())) {
            return hexadecimal(digits);
        }
        cyrillic(name.strip_prefix("afii")?.parse().ok()?).map(String::from)
    }
}

/// Cyrillic letters by the numbers they had before Unicode.
fn cyrillic(number: u32) -> Option<char> {
    char::from_u32(match number {
        10_017..=10_022 => 0x410 + number - 10_017,
        10_023 => 0x401,
        10_024..=10_049 => 0x416 + number - 10_024,
        10_065..=10_070 => 0x430 + number - 10_065,
        10_071 => 0x451,
        10_072..=10_097 => 0x436 + number - 10_072,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_their_characters_where_they_belong() {
        let (win, mac, standard) =
            (table(Some(b"WinAnsiEncoding"), false), table(Some(b"MacRomanEncoding"), false), table(None, false));
        assert_eq!(
            (win[0x80].as_str(), win[0x9f].as_str(), win[0xe4].as_str(), win[0x27].as_str()),
            ("€", "Ÿ", "ä", "'")
        );
        assert_eq!(
            (mac[0x80].as_str(), mac[0xff].as_str(), mac[0xde].as_str(), mac[0xca].as_str()),
            ("Ä", "ˇ", "fi", " ")
        );
        assert_eq!((standard[0x27].as_str(), standard[0xae].as_str(), standard[0xfb].as_str()), ("’", "fi", "ß"));
        assert_eq!((standard[0x41].as_str(), standard[0x80].as_str(), standard[0x20].as_str()), ("A", "", " "));
        assert_eq!(table(None, true), win, "what TrueType fonts mean");
    }

    #[test]
    fn names_of_glyphs_mean_text() {
        let names = Names::new();
        for (name, text) in [
            ("A", "A"),
            ("adieresis", "ä"),
            ("f_f_i", "ffi"),
            ("fi", "fi"),
            ("uni00410042", "AB"),
            ("u1F600", "😀"),
            ("zero.oldstyle", "0"),
            ("alpha", "α"),
            ("afii10017", "А"),
            ("afii10097", "я"),
            ("space", " "),
        ] {
            assert_eq!(names.text(name.as_bytes()).as_deref(), Some(text), "{name}");
        }
        for name in ["g17", "cid0", ".notdef", "uniXYZ1", "uD800", "", "\u{e9}\u{e9}"] {
            assert_eq!(names.text(name.as_bytes()), None, "{name}");
        }
        let mut table = table(Some(b"WinAnsiEncoding"), false);
        let list = [
            Object::Number(65.0),
            Object::Name(b"alpha".to_vec()),
            Object::Name(b"beta".to_vec()),
            Object::Number(9e9),
        ];
        differences(&mut table, &list, &names);
        assert_eq!((table[65].as_str(), table[66].as_str(), table[67].as_str()), ("α", "β", "C"));
    }
}
