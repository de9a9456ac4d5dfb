//! The sets that can be fetched.
//!
//! Sources of the sizes and checksums:
//!
//! - SHD and SSC: the MD5 that their publisher gives; no SHA-256 and no size are known, so their length is bounded;
//! - Fashion-MNIST: sizes and SHA-256 as libraries that have fetched the files for years pin them, of the files that the
//!   publisher's own repository serves over HTTPS (its other address has plain HTTP alone);
//! - Speech Commands: size and SHA-256 as torchaudio and TensorFlow Datasets pin them;
//! - Free Spoken Digits and MIT-BIH: archives that servers pack for each request, so the hash covers the
//!   files in them ([`Contents`]), computed from copies of these files, of which a few were compared with
//!   hashes that others publish.

use super::contents::Contents;
use crate::checksum::Checksum;

/// One data set.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    /// Its name at the command line.
    pub name: &'static str,
    /// One-line description.
    pub title: &'static str,
    /// Under which terms it may be used, and whom to name.
    pub licence: &'static str,
    /// The page of the publisher.
    pub page: &'static str,
    /// The files.
    pub items: &'static [Item],
    /// Commands to run next; `{}` is replaced by the folder of the files.
    pub next: &'static [&'static str],
}

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Its name on disk.
    pub file: &'static str,
    /// Where it is.
    pub url: &'static str,
    /// The publisher's hosts to which its server may redirect, in addition to its own.
    pub hosts: &'static [&'static str],
    /// Whether its publisher serves it only over plain HTTP.
    pub plain_http: bool,
    /// Its size in bytes, where that is known.
    pub size: Option<u64>,
    /// The most bytes that it may have, where its size is not known.
    pub at_most: u64,
    /// Its checksum, where that is known.
    pub checksum: Option<Checksum>,
    /// Known contents, for an archive packed for each request.
    pub contents: Option<Contents>,
}

impl Item {
    /// The most bytes of it that are taken.
    pub fn limit(&self) -> u64 {
        self.size.unwrap_or(self.at_most)
    }
}

/// A file of which only the address is known.
const BARE: Item = Item {
    file: "",
    url: "",
    hosts: &[],
    plain_http: false,
    size: None,
    at_most: 0,
    checksum: None,
    contents: None,
};

const fn heidelberg(
    file: &'static str,
    url: &'static str,
    md5: &'static str,
    at_most: u64,
) -> Item {
    Item {
        file,
        url,
        at_most,
        checksum: Some(Checksum::Md5(md5)),
        ..BARE
    }
}

const fn fashion(file: &'static str, url: &'static str, size: u64, sha256: &'static str) -> Item {
    Item {
        file,
        url,
        hosts: &["raw.githubusercontent.com"],
        size: Some(size),
        checksum: Some(Checksum::Sha256(sha256)),
        ..BARE
    }
}

/// The recordings of which hashes are known: those of version 1.0.9, `{digit}_{speaker}_{index}.wav`.
fn is_recording(name: &str) -> bool {
    let speakers = ["george", "jackson", "nicolas", "theo", "yweweler"];
    let Some(stem) = name.strip_suffix(".wav") else {
        return false;
    };
    let mut parts = stem.split('_');
    parts.next().is_some_and(|digit| digit.len() == 1)
        && parts
            .next()
            .is_some_and(|speaker| speakers.contains(&speaker))
}

/// The signals and beats of the records of which hashes are known.
fn is_record(name: &str) -> bool {
    let records = [
        "100", "104", "108", "113", "117", "122", "201", "207", "212", "217", "222", "231",
    ];
    let parts = name.split_once('.');
    parts.is_some_and(|(stem, ending)| matches!(ending, "dat" | "atr") && records.contains(&stem))
}

/// All sets.
pub const SETS: [Set; 6] = [
    Set {
        name: "shd",
        title: "Spiking Heidelberg Digits: spoken digits, German and English, as events of 700 channels",
        licence: "CC BY 4.0; Cramer, Stradmann, Schemmel & Zenke 2020",
        page: "https://zenkelab.org/resources/spiking-heidelberg-datasets-shd/",
        items: &[
            heidelberg(
                "shd_train.h5.zip",
                "https://zenkelab.org/datasets/shd_train.h5.zip",
                "f3252aeb598ac776c1b526422d90eecb",
                1_000_000_000,
            ),
            heidelberg(
                "shd_test.h5.zip",
                "https://zenkelab.org/datasets/shd_test.h5.zip",
                "1503a5064faa34311c398fb0a1ed0a6f",
                1_000_000_000,
            ),
        ],
        next: &[
            "unzip -d {} '{}/*.zip'",
            "saturn data inspect {}/shd_train.h5   (event files need no conversion)",
        ],
    },
    Set {
        name: "ssc",
        title: "Spiking Speech Commands: 35 words as events of 700 channels",
        licence: "CC BY 4.0; Cramer, Stradmann, Schemmel & Zenke 2020",
        page: "https://zenkelab.org/resources/spiking-heidelberg-datasets-shd/",
        items: &[
            heidelberg(
                "ssc_train.h5.zip",
                "https://zenkelab.org/datasets/ssc_train.h5.zip",
                "d102be95e7144fcc0553d1f45ba94170",
                8_000_000_000,
            ),
            heidelberg(
                "ssc_valid.h5.zip",
                "https://zenkelab.org/datasets/ssc_valid.h5.zip",
                "b4eee3516a4a90dd0c71a6ac23a8ae43",
                8_000_000_000,
            ),
            heidelberg(
                "ssc_test.h5.zip",
                "https://zenkelab.org/datasets/ssc_test.h5.zip",
                "a35ff1e9cffdd02a20eb850c17c37748",
                8_000_000_000,
            ),
        ],
        next: &[
            "unzip -d {} '{}/*.zip'",
            "saturn data inspect {}/ssc_train.h5   (event files need no conversion)",
        ],
    },
    Set {
        name: "fashion-mnist",
        title: "Fashion-MNIST: 70,000 images of clothes, 28 x 28",
        licence: "MIT; Zalando SE, Xiao, Rasul & Vollgraf 2017",
        page: "https://github.com/zalandoresearch/fashion-mnist",
        items: &[
            fashion(
                "train-images-idx3-ubyte.gz",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            fashion(
                "train-labels-idx1-ubyte.gz",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            fashion(
                "t10k-images-idx3-ubyte.gz",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            fashion(
                "t10k-labels-idx1-ubyte.gz",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ],
        next: &["saturn data convert idx {} {}-rows"],
    },
    Set {
        name: "free-spoken-digits",
        title: "Free Spoken Digit Dataset 1.0.9: digits in English, 8 kHz",
        licence: "CC BY-SA 4.0; Jackson and others",
        page: "https://github.com/Jakobovski/free-spoken-digit-dataset",
        items: &[Item {
            file: "free-spoken-digit-dataset-1.0.9.tar.gz",
            url: "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
            hosts: &["codeload.github.com"],
            at_most: 200_000_000,
            contents: Some(Contents {
                what: "recordings",
                chosen: is_recording,
                files: 2_500,
                sha256: "917f6ba5bd04fc07c2dbabf863c8ef2b90c8d0fb67438afac7930333a71fe6a3",
            }),
            ..BARE
        }],
        next: &[
            "tar -xzf {}/free-spoken-digit-dataset-1.0.9.tar.gz -C {}",
            "saturn data convert wav {}/free-spoken-digit-dataset-1.0.9 {}-events",
        ],
    },
    Set {
        name: "speech-commands",
        title: "Speech Commands 0.02: 35 words of one second, 16 kHz, and background noise",
        licence: "CC BY 4.0; Warden 2018",
        page: "https://arxiv.org/abs/1804.03209",
        items: &[Item {
            file: "speech_commands_v0.02.tar.gz",
            url: "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            size: Some(2_428_923_189),
            checksum: Some(Checksum::Sha256(
                "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
            )),
            ..BARE
        }],
        next: &[
            "mkdir -p {}/words && tar -xzf {}/speech_commands_v0.02.tar.gz -C {}/words",
            "saturn data convert wav {}/words {}-mel --as mel",
        ],
    },
    Set {
        name: "mit-bih",
        title: "MIT-BIH Arrhythmia Database 1.0.0: 48 half hours of two-lead ECG, beats marked",
        licence: "ODC-BY 1.0; Moody & Mark 2001, Goldberger et al. 2000 (PhysioNet)",
        page: "https://physionet.org/content/mitdb/1.0.0/",
        items: &[Item {
            file: "mit-bih-arrhythmia-database-1.0.0.zip",
            url: "https://physionet.org/static/published-projects/mitdb/mit-bih-arrhythmia-database-1.0.0.zip",
            at_most: 500_000_000,
            contents: Some(Contents {
                what: "files of 12 of the 48 records",
                chosen: is_record,
                files: 24,
                sha256: "e9f83616ffa2a222c61fd2556d07e7aae535cdb3d22a324621c6697557915664",
            }),
            ..BARE
        }],
        next: &[
            "unzip -d {} {}/mit-bih-arrhythmia-database-1.0.0.zip",
            "(cd {}/mit-bih-arrhythmia-database-1.0.0 && sha256sum -c SHA256SUMS.txt)",
            "saturn data convert wfdb {}/mit-bih-arrhythmia-database-1.0.0 {}-events --whole",
        ],
    },
];

/// The set called `name`.
pub fn find(name: &str) -> Option<&'static Set> {
    SETS.iter().find(|set| set.name == name)
}
