//! The check digit of card numbers (H. P. Luhn, US patent 2,950,048, 1960; ISO/IEC 7812-1).

/// Whether digits end in the right check digit. Anything but 13 to 19 digits, and one digit over and over, is no card number.
#[must_use]
pub fn is_card(digits: &str) -> bool {
    if !(13..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let first = digits.bytes().next();
    // Issuers' numbers of payment cards begin with 2 to 6 (ISO/IEC 7812).
    if digits.bytes().all(|b| Some(b) == first) || !first.is_some_and(|b| (b'2'..=b'6').contains(&b)) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, b)| {
            let digit = u32::from(b - b'0');
            match (at % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn test_numbers_of_issuers_pass() {
        for (digits, is) in [
            ("4111111111111111", true),
            ("5500005555555559", true),
            ("340000000000009", true),
            ("4111111111111112", false),
            ("4444444444444444", false),
            ("0000000000000000", false),
            ("1234567812345670", false),
            ("411111111111", false),
            ("41111111111111a1", false),
        ] {
            assert_eq!(is_card(digits), is, "{digits}");
        }
    }

    proptest! {
        /// The check finds every wrong single digit.
        #[test]
        fn a_wrong_digit_is_found(at in 1usize..16, by in 1u8..10) {
            let mut digits = b"4111111111111111".to_vec();
            digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
            prop_assert!(!is_card(std::str::from_utf8(&digits).unwrap()));
        }
    }
}
