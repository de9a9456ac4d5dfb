//! The examples at the end of each command's help. A test parses every line that begins with `saturn`, and holds all to
//! 80 columns.

pub const RUN: &str = "\
Examples:
  saturn run scenarios/quickstart.yaml
  saturn run scenarios/quickstart.yaml --out runs/short --set train.epochs=5
  saturn run scenarios/quickstart.yaml --only 'lif.*'
  saturn run scenarios/very-long-run.yaml --resume";

pub const COMPARE: &str = "\
Examples:
  saturn compare scenarios/spoken-digits.yaml --list --todo --json
  saturn compare scenarios/spoken-digits.yaml --only 'gru.*' --memory 4000
  saturn compare scenarios/spoken-digits.yaml --collect other-machine/cells
  saturn compare scenarios/spoken-digits.yaml --final";

pub const PACK: &str = "\
Examples:
  saturn pack words.jsonl.gz runs/words
  saturn pack results/spoken-digits.jsonl.gz runs/spoken-digits other/cells";

pub const TUNE: &str = "\
Examples:
  saturn tune scenarios/quickstart.yaml --out found.yaml
  saturn tune scenarios/tuning.yaml --only 'gru.*' --set tune.candidates=9";

pub const SUBMIT: &str = "\
Examples:
  saturn submit scenarios/spoken-digits.yaml --to slurm --sbatch partition=long
  saturn submit scenarios/spoken-digits.yaml --to parallel --cpus 2
  saturn submit scenarios/tuning.yaml --to slurm --tune 20

Nothing is run: the folder of scripts that is printed has a script to start.";

pub const PLOT: &str = "\
Examples:
  saturn plot runs/quickstart";

pub const REPORT: &str = "\
Examples:
  saturn report runs/quickstart
  saturn report runs/quickstart --checklist --arm adaptive";

pub const IMPORT: &str = "\
Examples:
  saturn import lif.nir --out models/lif --dt-ms 1
  saturn import lif.nir --out models/lif --dialect norse --reset zero
  saturn import gru.safetensors --out models/gru --classes yes,no
  saturn import net.safetensors --out models/net --layers rnn,fc
  saturn import snn.safetensors --out models/snn --neuron synaptic";

pub const EXPORT: &str = "\
Examples:
  saturn export models/lif --to nir --out lif.nir
  saturn export models/lif --to nir --for norse --out norse.nir
  saturn export runs/one/lif.adaptive.1 --to nir --approximate --out lif.nir
  saturn export models/gru --to safetensors --for pytorch --out gru.safetensors
  saturn export runs/one --to safetensors --out one.safetensors";

pub const EVALUATE: &str = "\
Examples:
  saturn evaluate runs/quickstart/lif.adaptive.1 --data data/quickstart
  saturn evaluate runs/quickstart/lif.adaptive.1 --data other.h5 --gap 20..80
  saturn evaluate net/weights.safetensors --data test.h5 --out runs/net-test
  saturn evaluate net --data test.h5 --precision int8 --ranges valid.h5

The data are never used to choose anything: the detector's threshold is that of
the network's run, or --threshold.";

pub const ANALYSE: &str = "\
Examples:
  saturn analyse runs/quickstart/lif.adaptive.1
  saturn analyse runs/quickstart/rnn.classic.1 --silence --exponents 16
  saturn analyse models/gru --data data/quickstart";

pub const CHECK: &str = "\
Examples:
  saturn check scenarios/quickstart.yaml
  saturn check scenarios/quickstart.yaml --set models.rnn.train.lr=0.01";

pub const SCHEMA: &str = "\
Examples:
  saturn schema > saturn.schema.json
  saturn schema --markdown > scenario.md

An editor with the YAML language server (VS Code, Neovim, Emacs, Helix) checks
and completes a scenario with this first line, the path being relative to it:
  # yaml-language-server: $schema=saturn.schema.json";

pub const BENCH: &str = "\
Examples:
  saturn bench --task A,B
  saturn bench --task A --model lif_recurrent,gru --cores 1,4 --seconds 2 --json
  saturn bench --scaling --out runs/scaling";

pub const STREAM: &str = "\
Examples:
  saturn stream runs/first/lif.adaptive.1 --from unix:/tmp/s --metrics 9464
  saturn stream runs/first/lif.adaptive.1 --from log --follow --state lif.state
  saturn stream runs/first/lif.adaptive.1 --fallback decay=0.95 < events.txt

An interrupt ends the run, saves --state, and exits with 0.";

pub const SEND: &str = "\
Examples:
  saturn send valid.h5 --channels 96 --to unix:/tmp/s --speed 1
  saturn send valid.h5 --gaps-of runs/first --to udp:127.0.0.1:7000
  saturn send --noise 2 --seconds 60 --channels 96 --to - --format line";

pub const VIEW: &str = "\
Examples:
  saturn view runs/quickstart
  saturn view 9464
  saturn view runs/quickstart --once --size 140x45";

pub const DATA: &str = "\
Examples:
  saturn data get fashion-mnist
  saturn data convert idx data/fashion-mnist data/fashion
  saturn data inspect data/fashion/train.h5";

pub const DATA_MAKE: &str = "\
Examples:
  saturn data make scenarios/quickstart.yaml --out data/mine
  saturn data make --out data/hard --set data.synthetic.difficulty=0.8";

pub const DATA_INSPECT: &str = "\
Examples:
  saturn data inspect data/quickstart/train.h5
  saturn data inspect data/quickstart/train.h5 --channels 96 --figures figures";

pub const DATA_GET: &str = "\
Examples:
  saturn data get fashion-mnist
  saturn data get free-spoken-digits --out data/words";

pub const DATA_CONVERT: &str = "\
Examples:
  saturn data convert csv rows.csv data/mine.h5
  saturn data convert idx data/fashion-mnist data/fashion --as rows
  saturn data convert n-mnist data/n-mnist data/n-mnist-h5
  saturn data convert wav recordings data/words --as mel
  saturn data convert wfdb data/mit-bih data/ecg --whole";

pub const CONVERT_CSV: &str = "\
Examples:
  saturn data convert csv rows.csv data/mine.h5
  saturn data convert csv dvs dvs.h5 --columns t,x,y,p --size 34x34 --times us";

pub const CONVERT_IDX: &str = "\
Examples:
  saturn data convert idx data/fashion-mnist data/fashion
  saturn data convert idx data/fashion-mnist data/events --as events";

pub const CONVERT_N_MNIST: &str = "\
Examples:
  saturn data convert n-mnist data/n-mnist data/n-mnist-h5";

pub const CONVERT_WFDB: &str = "\
Examples:
  saturn data convert wfdb data/mit-bih data/beats --as frames
  saturn data convert wfdb data/mit-bih data/ecg --whole --valid 101,103";

pub const CONVERT_WAV: &str = "\
Examples:
  saturn data convert wav recordings data/words
  saturn data convert wav recordings data/frames --as mel --by number";

pub const COMPLETIONS: &str = "\
Examples:
  saturn completions bash > ~/.local/share/bash-completion/completions/saturn
  saturn completions zsh > ~/.zfunc/_saturn
  saturn completions fish > ~/.config/fish/completions/saturn.fish";

pub const MAN: &str = "\
Examples:
  saturn man > saturn.1
  saturn man --dir ~/.local/share/man/man1";
