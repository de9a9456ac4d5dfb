//! Which leads are converted: their units, `--leads`, gains.

use super::*;

/// Ten frames of three leads: an ECG, a pleth and a pressure; one beat.
fn three(folder: &Path, name: &str, units: [&str; 3]) {
    let lead = |k: usize| {
        format!(
            "{name}.dat 16 {}(0){} 12 0 0 0 0 {}\n",
            10 * (k + 1),
            units[k],
            ["MLII", "PLETH", "ABP"][k]
        )
    };
    // The checksum of lead k is 10 times 4 (k + 1).
    let mut header = format!("{name} 3 100 10\n");
    for k in 0..3 {
        header += &lead(k).replace(" 0 0 0 ", &format!(" 0 0 {} ", 40 * (k + 1)));
    }
    fs::write(folder.join(format!("{name}.hea")), header).unwrap();
    let counts = (0..30_i16).map(|k| (k % 3 + 1) * 4);
    let bytes: Vec<u8> = counts.flat_map(i16::to_le_bytes).collect();
    fs::write(folder.join(format!("{name}.dat")), bytes).unwrap();
    let marks = [mark(1, 5), mark(0, 0)].concat();
    fs::write(folder.join(format!("{name}.atr")), marks).unwrap();
}

fn folder_of(units: [&str; 3]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["1", "2", "3"] {
        three(folder.path(), name, units);
    }
    folder
}

fn choosing(leads: &[&str], form: Form) -> WfdbOptions {
    WfdbOptions {
        leads: leads.iter().map(|lead| (*lead).to_owned()).collect(),
        ..options(form)
    }
}

fn values(folder: &Path) -> Vec<f32> {
    let file = FrameFile::open(folder.join("out/train.h5")).unwrap();
    file.read(0).unwrap().values[..file.channels()].to_vec()
}

#[test]
fn leads_that_are_not_in_volts_are_left_out_with_a_notice() {
    let folder = folder_of(["/mV", "/NU", "/mmHg"]);
    let converted = run(folder.path(), Form::Frames).unwrap();
    assert_eq!(values(folder.path()), [0.4]);
    for expected in [
        "record 1: lead PLETH is in NU, not volts",
        "record 1: lead ABP is in mmHg, not volts",
    ] {
        assert!(
            converted.notices.iter().any(|n| n == expected),
            "{:?}",
            converted.notices
        );
    }
    let none = folder_of(["/NU", "/NU", "/mmHg"]);
    let message = refusal(none.path());
    assert!(
        message.contains(
            "1.hea: none of its leads is in volts: it has MLII (NU), PLETH (NU), ABP (mmHg)"
        ) && message.contains("--leads"),
        "{message}"
    );
}

#[test]
fn leads_are_chosen_by_name_or_number() {
    let folder = folder_of(["/mV", "/NU", "/mmHg"]);
    run_with(folder.path(), &choosing(&["ABP", "0"], Form::Frames)).unwrap();
    // Each in its own unit: 12 / 30 mmHg, 4 / 10 mV.
    assert_eq!(values(folder.path()), [0.4, 0.4]);
    let message = |leads: &[&str], form| {
        let options = choosing(leads, form);
        run_with(folder.path(), &options).unwrap_err().to_string()
    };
    let found = message(&["V5"], Form::Frames);
    assert!(
        found.contains("1.hea: it has no lead `V5`: it has MLII (mV), PLETH (NU), ABP (mmHg)"),
        "{found}"
    );
    let found = message(&["3"], Form::Frames);
    assert!(found.contains("it has no lead `3`"), "{found}");
    let found = message(&["PLETH"], events(false));
    assert!(
        found.contains("its lead PLETH (NU) is not in volts") && found.contains("--as frames"),
        "{found}"
    );
}

#[test]
fn units_are_read_in_any_case_and_size() {
    for (units, millivolts) in [
        ("", 0.4),
        ("/", 0.4),
        ("/mV", 0.4),
        ("/mv", 0.4),
        ("/MV", 0.4),
        ("/uV", 4e-4),
        ("/uv", 4e-4),
        ("/\u{b5}V", 4e-4),
        ("/\u{3bc}V", 4e-4),
        ("/V", 400.0),
        ("/nV", 4e-7),
    ] {
        let folder = folder_of([units, "/NU", "/NU"]);
        run(folder.path(), Form::Frames).unwrap();
        assert_eq!(values(folder.path()), [millivolts], "{units}");
    }
}

#[test]
fn a_gain_of_zero_or_none_is_200_and_one_below_zero_turns_the_lead() {
    let folder = tempfile::tempdir().unwrap();
    let read = |lead: &str| {
        fs::write(
            folder.path().join("1.hea"),
            format!("1 1 100 3\n1.dat 16{lead}\n"),
        )
        .unwrap();
        let counts: Vec<u8> = [0_i16, 40, -20]
            .into_iter()
            .flat_map(i16::to_le_bytes)
            .collect();
        fs::write(folder.path().join("1.dat"), counts).unwrap();
        fs::write(
            folder.path().join("1.atr"),
            [mark(1, 1), mark(0, 0)].concat(),
        )
        .unwrap();
        let record = open(folder.path(), "1", &options(Form::Frames)).unwrap();
        record.read().unwrap().remove(0)
    };
    assert_eq!(read("").frames(), [0.0, 0.2, -0.1]);
    assert_eq!(read(" 0(20)/mV").frames(), [-0.1, 0.1, -0.2]);
    // The baseline defaults to the ADC's zero.
    assert_eq!(read(" 200 12 20").frames(), [-0.1, 0.1, -0.2]);
    assert_eq!(read(" -2e2(0)/mV").frames(), [0.0, -0.2, 0.1]);
    let tenth = decimal::of_f64(0.1).unwrap();
    let turned: Vec<bool> = delta::changes(&read(" -200"), &tenth)
        .unwrap()
        .iter()
        .map(|c| c.up)
        .collect();
    assert_eq!(turned, [false, false, true, true, true]);
}
