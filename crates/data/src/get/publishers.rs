//! The sets that can be fetched. Sizes and checksums are those that publishers, or the libraries that have fetched
//! the files for years, give; where none is known there is none here.

use crate::checksum::Checksum;

/// One data set.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    /// What it is called at the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// Under which terms it may be used, and whom to name.
    pub licence: &'static str,
    /// The page of the publisher.
    pub page: &'static str,
    /// The files.
    pub items: &'static [Item],
    /// What to run then; `{}` stands for the folder of the files.
    pub next: &'static [&'static str],
}

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Its name on disk.
    pub file: &'static str,
    /// Where it is.
    pub url: &'static str,
    /// Its size in bytes, where that is known.
    pub size: Option<u64>,
    /// Its checksum, where that is known.
    pub checksum: Option<Checksum>,
}

const fn item(file: &'static str, url: &'static str, size: Option<u64>, md5: &'static str) -> Item {
    Item {
        file,
        url,
        size,
        checksum: Some(Checksum::Md5(md5)),
    }
}

/// All sets.
pub const SETS: [Set; 6] = [
    Set {
        name: "shd",
        title: "Spiking Heidelberg Digits: spoken digits, German and English, as events of 700 channels",
        licence: "CC BY 4.0; Cramer, Stradmann, Schemmel & Zenke 2020",
        page: "https://zenkelab.org/resources/spiking-heidelberg-datasets-shd/",
        items: &[
            item(
                "shd_train.h5.zip",
                "https://zenkelab.org/datasets/shd_train.h5.zip",
                None,
                "f3252aeb598ac776c1b526422d90eecb",
            ),
            item(
                "shd_test.h5.zip",
                "https://zenkelab.org/datasets/shd_test.h5.zip",
                None,
                "1503a5064faa34311c398fb0a1ed0a6f",
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
            item(
                "ssc_train.h5.zip",
                "https://zenkelab.org/datasets/ssc_train.h5.zip",
                None,
                "d102be95e7144fcc0553d1f45ba94170",
            ),
            item(
                "ssc_valid.h5.zip",
                "https://zenkelab.org/datasets/ssc_valid.h5.zip",
                None,
                "b4eee3516a4a90dd0c71a6ac23a8ae43",
            ),
            item(
                "ssc_test.h5.zip",
                "https://zenkelab.org/datasets/ssc_test.h5.zip",
                None,
                "a35ff1e9cffdd02a20eb850c17c37748",
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
            item(
                "train-images-idx3-ubyte.gz",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz",
                Some(26_421_880),
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            ),
            item(
                "train-labels-idx1-ubyte.gz",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz",
                Some(29_515),
                "25c81989df183df01b3e8a0aad5dffbe",
            ),
            item(
                "t10k-images-idx3-ubyte.gz",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz",
                None,
                "bef4ecab320f06d8554ea6380940ec79",
            ),
            item(
                "t10k-labels-idx1-ubyte.gz",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz",
                Some(5_148),
                "bb300cfdad3c16e7a12a480ee83cd310",
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
            size: None,
            checksum: None,
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
        items: &[item(
            "speech_commands_v0.02.tar.gz",
            "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            Some(2_428_923_189),
            "6b74f3901214cb2c2934e98196829835",
        )],
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
            size: None,
            checksum: None,
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
