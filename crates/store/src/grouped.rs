//! Counts that are read at a glance.

/// Digits with a comma before every three.
pub fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        let said = [0.4, 999.0, 1e3, 1_234_567.0].map(|count| grouped(&format!("{count:.0}")));
        assert_eq!(said, ["0", "999", "1,000", "1,234,567"]);
    }
}
