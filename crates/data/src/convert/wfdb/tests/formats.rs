//! Every format, against what the Python package wfdb 4.3.1 (with NumPy 2.4.6) read from the same bytes.

use super::super::format::Format;
use super::*;

/// Bytes with every nibble about; their samples by
///
/// ```python
/// open('q.dat', 'wb').write(raw)
/// open('q.hea', 'w').write(f'q 1 250 {n}\nq.dat {fmt} 200 12 0 100 0 0 I\n')
/// wfdb.rdrecord('q', physical=False).d_signal[:, 0]
/// ```
const RAW: [u8; 16] = [
    0x01, 0xfe, 0x7f, 0x80, 0xaa, 0x55, 0x12, 0x34, 0xff, 0x00, 0x9c, 0x3b, 0x3e, 0xc1, 0x11, 0x2f,
];
const GOLDEN: [(&str, &[i32]); 10] = [
    (
        "8",
        &[
            101, 99, 226, 98, 12, 97, 115, 167, 166, 166, 66, 125, 187, 124, 141, 188,
        ],
    ),
    (
        "16",
        &[-511, -32_641, 21_930, 13_330, 255, 15_260, -16_066, 12_049],
    ),
    (
        "61",
        &[510, 32_640, -21_931, 4_660, -256, -25_541, 16_065, 4_399],
    ),
    (
        "160",
        &[
            32_257, 127, -10_838, -19_438, -32_513, -17_508, 16_702, -20_719,
        ],
    ),
    ("24", &[8_388_097, 5_614_208, -52_206, 3_906_560, 1_163_582]),
    (
        "32",
        &[-2_139_095_551, 873_616_810, 1_000_079_615, 789_692_734],
    ),
    (
        "80",
        &[
            -127, 126, -1, 0, 42, -43, -110, -76, 127, -128, 28, -69, -66, 65, -111, -81,
        ],
    ),
    (
        "212",
        &[
            -511, -129, -1_408, -1_451, 1_042, 1_023, -1_024, -1_733, 318, -1_007,
        ],
    ),
    (
        "310",
        &[
            -256, 63, -481, -299, -503, 202, 127, 462, 224, 159, -120, 184,
        ],
    ),
    (
        "311",
        &[-511, -1, 7, 426, 149, -191, 255, -256, -71, 318, 112, -271],
    ),
];

/// The counts of a record of one lead with [`RAW`] as its file.
fn read(header: &str) -> Result<Vec<Vec<i32>>, DataError> {
    read_bytes(header, &RAW)
}

fn read_bytes(header: &str, raw: &[u8]) -> Result<Vec<Vec<i32>>, DataError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("q.hea"), header).unwrap();
    fs::write(folder.path().join("q.dat"), raw).unwrap();
    let marks = [mark(1, 1), mark(0, 0)].concat();
    fs::write(folder.path().join("q.atr"), marks).unwrap();
    let leads = open(folder.path(), "q", &options(Form::Frames))?.read()?;
    Ok(leads.into_iter().map(|lead| lead.counts).collect())
}

#[test]
fn every_format_as_wfdb_python_reads_it() {
    for (format, expected) in GOLDEN {
        let missing = Format::parse(format).unwrap().missing();
        let marked: Vec<i32> = expected
            .iter()
            .map(|count| {
                if Some(*count) == missing {
                    i32::MIN
                } else {
                    *count
                }
            })
            .collect();
        let samples = expected.len();
        let lead = format!("q.dat {format} 200 12 0 100\n");
        let found = read(&format!("q 1 250 {samples}\n{lead}")).unwrap();
        assert_eq!(found, std::slice::from_ref(&marked), "{format}");
        // Without a number of samples, with 0, and without a rate.
        for first in ["q 1 250", "q 1 250 0", "q 1"] {
            let found = read(&format!("{first}\n{lead}")).unwrap();
            assert_eq!(found, std::slice::from_ref(&marked), "{format} {first}");
        }
        // Fewer samples than the file contains, with the last block cut.
        for fewer in 2..samples {
            let found = read(&format!("q 1 250 {fewer}\n{lead}")).unwrap();
            assert_eq!(found[0], marked[..fewer], "{format} {fewer}");
        }
    }
}

#[test]
fn a_block_that_is_cut_is_enough_for_its_samples() {
    for (format, _) in GOLDEN {
        let format = Format::parse(format).unwrap();
        let whole = format.unpack(&RAW, format.samples(16) as usize);
        for count in 0..whole.len() {
            let bytes = format.bytes(count as u64);
            assert!(format.samples(bytes) >= count as u64, "{format:?} {count}");
            assert_eq!(format.unpack(&RAW[..bytes as usize], count), whole[..count]);
        }
    }
}

#[test]
fn the_smallest_number_is_missing() {
    // 0x800, -2,048 in 12 bits.
    let raw = [0xbc, 0x1a, 0x23, 0x00, 0x08];
    let found = read_bytes("q 1 250 3\nq.dat 212\n", &raw).unwrap();
    assert_eq!(found, [[-1_348, 0x123, i32::MIN]]);
    // Format 8 has no number for it.
    let found = read_bytes("q 1 250 3\nq.dat 8 200 12 0 0\n", &[0x80, 0x80, 0x80]).unwrap();
    assert_eq!(found, [[-128, -256, -384]]);
    let found = read_bytes("q 1 250 3\nq.dat 8 200 12 0 2147483000\n", &[0x7f; 8]).unwrap();
    assert_eq!(found[0][2], 2_147_483_381);
    let error = read_bytes("q 1 250 8\nq.dat 8 200 12 0 2147483000\n", &[0x7f; 8]);
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("q.dat: byte 0: lead 0 has a sample of"),
        "{message}"
    );
}

/// Frames of four samples and two, the second lead a frame late:
///
/// ```python
/// np.arange(1, 31, dtype='<i2').tofile('m.dat')
/// open('m.hea', 'w').write('m 2 100 5\nm.dat 16x4 200 16 0 0 0 0 a\nm.dat 16x2:1 200 16 0 0 0 0 b\n')
/// wfdb.rdrecord('m', physical=False, smooth_frames=False).e_d_signal
/// ```
///
/// gives these, but for the last two of `b`: both are missing, and wfdb-python marks one of them.
#[test]
fn several_samples_a_frame_and_a_skew() {
    let raw: Vec<u8> = (1..=30_i16).flat_map(i16::to_le_bytes).collect();
    let header = "q 2 100 5\nq.dat 16x4 200 16 0 0\nq.dat 16x2:1 200 16 0 0\n";
    let expected = [
        vec![
            1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 22, 25, 26, 27, 28,
        ],
        vec![11, 12, 17, 18, 23, 24, 29, 30, i32::MIN, i32::MIN],
    ];
    assert_eq!(read_bytes(header, &raw).unwrap(), expected);
    // The checksum is of all that is stored, before the skew.
    let checked = "q 1 100 5\nq.dat 16x6:2 200 16 0 0 465\n";
    assert_eq!(read_bytes(checked, &raw).unwrap()[0][..3], [13, 14, 15]);
    // All is skewed away.
    let gone = "q 1 100 5\nq.dat 16x6:18446744073709551615 200 16 0 0\n";
    let message = read_bytes(gone, &raw).unwrap_err().to_string();
    assert!(
        message.contains("q.hea: lead 0 () has no sample"),
        "{message}"
    );
    // The length of the file, in frames of six samples.
    let found = read_bytes("q 2 100\nq.dat 16x4 200\nq.dat 16x2 200\n", &raw).unwrap();
    assert_eq!([found[0].len(), found[1].len()], [20, 10]);
}

#[test]
fn a_frame_of_dense_data_is_the_mean_of_its_samples() {
    let raw: Vec<u8> = [2_i16, 4, -32_768, 8, 10, -32_768]
        .into_iter()
        .flat_map(i16::to_le_bytes)
        .collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("q.dat"), raw).unwrap();
    fs::write(
        folder.path().join("q.hea"),
        "q 1 100 3\nq.dat 16x2 2(1)/mV 16 0\n",
    )
    .unwrap();
    let marks = [mark(1, 1), mark(0, 0)].concat();
    fs::write(folder.path().join("q.atr"), marks).unwrap();
    let record = open(folder.path(), "q", &options(Form::Frames)).unwrap();
    let leads = record.read().unwrap();
    // (0.5 + 1.5) / 2; a sample that is missing is as the one before: (1.5 + 3.5) / 2; (4.5 + 4.5) / 2.
    assert_eq!(leads[0].frames(), [1.0, 2.5, 4.5]);
}

#[test]
fn length_and_rate_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    for (name, first) in [("1", "1 1"), ("2", "2 1 250"), ("3", "3 1 250 0 12:00:00")] {
        // The checksum is a placeholder, as there is no length.
        let lead = format!("{name}.dat 16 10(5)/mV 12 0 5 1 0 lead one");
        let samples: Vec<u8> = (0..40_i16)
            .flat_map(|k| (5 + 10 * (k % 4)).to_le_bytes())
            .collect();
        fs::write(
            folder.path().join(format!("{name}.hea")),
            format!("{first}\n{lead}\n"),
        )
        .unwrap();
        fs::write(folder.path().join(format!("{name}.dat")), samples).unwrap();
        let marks = [mark(1, 10), mark(5, 20), mark(0, 0)].concat();
        fs::write(folder.path().join(format!("{name}.atr")), marks).unwrap();
    }
    run(folder.path(), Form::Frames).unwrap();
    let file = FrameFile::open(folder.path().join("out/train.h5")).unwrap();
    assert!((file.dt_s() - 0.004).abs() < 1e-15);
    assert_eq!(
        file.read(0).unwrap().steps() + file.read(1).unwrap().steps(),
        40
    );
    fs::write(folder.path().join("2.dat"), [0]).unwrap();
    let message = refusal(folder.path());
    assert!(
        message
            .contains("2.hea: it states no number of samples, and its signal file contains none"),
        "{message}"
    );
}
