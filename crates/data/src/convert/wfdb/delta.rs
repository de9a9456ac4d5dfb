//! Changes of a lead, as events: equations (1) and (2) of [`super`].

/// Event times in samples from the first, ascending, and whether each goes up.
pub(super) fn changes(values: &[f32], delta: f64) -> Vec<(f64, bool)> {
    let mut events = Vec::new();
    let Some(first) = values.first() else {
        return events;
    };
    let (mut before, mut level) = (f64::from(*first), f64::from(*first));
    for (sample, value) in values.iter().enumerate().skip(1) {
        let now = f64::from(*value);
        loop {
            let up = now - level >= delta;
            if !up && level - now < delta {
                break;
            }
            let next = if up { level + delta } else { level - delta };
            if (next - level).abs() < 0.5 * delta {
                // So far from zero that a change is lost in rounding.
                level = now;
                break;
            }
            level = next;
            // The line from `before` to `now` crosses the level; it moved, or no event were here.
            let share = ((level - before) / (now - before)).clamp(0.0, 1.0);
            events.push(((sample - 1) as f64 + share, up));
        }
        before = now;
    }
    events
}
