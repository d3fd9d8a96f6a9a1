//! The command line: what can be said, and what `--help` teaches.

use crate::transfer::{Format, Kind as RecordKind};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Memory for AI agents over MCP. Every memory layer is a sandboxed WebAssembly component.
///
/// With no configuration it keeps its data in one folder of yours, embeds text without a network, and listens on
/// this machine only: `memstrata serve` for HTTP, `memstrata stdio` for a client that starts it.
#[derive(Debug, Parser)]
#[command(name = "memstrata", version, max_term_width = 110, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  memstrata serve                                       HTTP on 127.0.0.1:7077: /mcp, /recall, /health, /metrics
  claude mcp add memory -- memstrata stdio              give Claude Code a memory
  memstrata call remember '{\"content\": \"Ada likes tea\"}'
  memstrata call recall '{\"query\": \"what does Ada like\"}'
  memstrata import memory.jsonl                         take over what another memory remembered
  memstrata history 42                                  every version of row 42, and who wrote it
  memstrata undo 17 --dry-run                           what undoing transaction 17 would change";

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Configuration file [default: ./memstrata.toml, then memstrata/config.toml in your configuration folder]
    #[arg(long, global = true, env = "MEMSTRATA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory [default: memstrata in your data folder]
    #[arg(long, global = true, env = "MEMSTRATA_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The space to work on [default: `default_space` of the configuration]
    #[arg(long, global = true, env = "MEMSTRATA_SPACE", value_name = "NAME")]
    pub(crate) space: Option<String>,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to log on stderr: error, warn, info, debug, or a tracing filter
    #[arg(long, global = true, env = "MEMSTRATA_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve MCP and REST over HTTP
    Serve {
        /// Address and port to listen on
        #[arg(long, value_name = "ADDRESS:PORT")]
        bind: Option<String>,
    },
    /// Serve MCP on stdin and stdout, for a client that starts this program
    Stdio,
    /// Call one operation: `remember`, `recall`, or any `layer.operation`
    Call {
        /// The tool or operation; `memstrata call --list` shows all
        operation: Option<String>,
        /// Its arguments as a JSON object; `-` reads them from stdin
        #[arg(default_value = "{}")]
        arguments: String,
        /// Run it, write nothing, and show what would change
        #[arg(long)]
        dry_run: bool,
        /// List the operations; with a word, those that fit it; with a name, what arguments it takes
        #[arg(long, value_name = "WORDS", num_args = 0..=1, default_missing_value = "")]
        list: Option<String>,
    },
    /// Look at, test and replace plugins
    #[command(subcommand)]
    Plugin(Plugin),
    /// List, make and delete spaces
    #[command(subcommand)]
    Space(Space),
    /// Every version of a row, or the newest transactions if no row is named
    History {
        /// The row's id, `42` or `m:42`
        id: Option<String>,
        /// At most this many transactions
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// A row as it was known at an instant
    Asof {
        /// The row's id, `42` or `m:42`
        id: String,
        /// Milliseconds UTC, or like 2026-11-21T09:00:00Z
        time: String,
    },
    /// What changed between two instants, row for row
    Diff {
        /// Milliseconds UTC, or like 2026-11-21T09:00:00Z
        from: String,
        /// The later instant; now if left out
        to: Option<String>,
        /// At most this many rows
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Derive lasting memories from raw ones with a strategy; see also `memstrata runs`
    Consolidate {
        /// The strategy [default: the active one, see `memstrata promote --list`]
        strategy: Option<String>,
        /// Only this namespace and below
        #[arg(long, default_value = "", hide_default_value = true)]
        namespace: String,
        /// Only rows changed since: milliseconds UTC, or like 2026-11-21T09:00:00Z
        #[arg(long)]
        since: Option<String>,
        /// Propose and check, write nothing, and show what would change
        #[arg(long)]
        dry_run: bool,
        /// Also units an earlier run has done; rows it marked are out of its reach: undo the run, or see `memstrata shadow --instead-of`
        #[arg(long)]
        again: bool,
    },
    /// The consolidation runs of a space, newest first; what a run did, if one is named
    Runs {
        /// The run, as `memstrata consolidate` prints it: its beginning is enough, or `latest`
        run: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Propose a consolidation run again from its recorded inputs, and compare
    Replay {
        /// The run, see `memstrata runs`: its beginning is enough, or `latest`
        run: String,
    },
    /// Try strategies in shadow: each on a copy of the space, compared with the active one; nothing is changed
    Shadow {
        /// The candidates [default: `candidates` of the configuration]
        candidates: Vec<String>,
        /// Only this namespace and below
        #[arg(long, default_value = "", hide_default_value = true)]
        namespace: String,
        /// Only rows changed since: milliseconds UTC, or like 2026-11-21T09:00:00Z
        #[arg(long)]
        since: Option<String>,
        /// Undo this run on the copies first: what would have been done in its place?
        #[arg(long, value_name = "RUN")]
        instead_of: Option<String>,
        /// Show the comparisons made so far, at most this many
        #[arg(long, value_name = "LIMIT", num_args = 0..=1, default_missing_value = "20", conflicts_with_all = ["candidates", "instead_of"])]
        list: Option<u32>,
    },
    /// Make a strategy the active one, if it passes its trial on a copy of the space
    Promote {
        /// The strategy
        #[arg(required_unless_present_any = ["back", "list"])]
        strategy: Option<String>,
        /// Go back to the strategy before the last promotion
        #[arg(long, conflicts_with = "strategy")]
        back: bool,
        /// Undo this run on the copy first, so that the trial has something to do
        #[arg(long, value_name = "RUN", conflicts_with = "back")]
        instead_of: Option<String>,
        /// Show the active strategy and the promotions so far
        #[arg(long, conflicts_with_all = ["strategy", "back", "instead_of"])]
        list: bool,
    },
    /// Pinned recalls: questions that must go on finding a memory, whatever strategies do
    #[command(subcommand)]
    Pin(Pin),
    /// Undo a transaction, everything one component wrote, or a consolidation run
    Undo {
        /// The transaction's number, see `memstrata history`
        #[arg(required_unless_present_any = ["component", "run"])]
        transaction: Option<u64>,
        /// Undo all that the component with this digest wrote
        #[arg(long, value_name = "DIGEST", conflicts_with = "transaction")]
        component: Option<String>,
        /// Undo a consolidation run, see `memstrata runs`: its beginning is enough, or `latest`
        #[arg(long, conflicts_with_all = ["transaction", "component"])]
        run: Option<String>,
        /// Only show what it would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy a space into one file, while it goes on serving
    Backup {
        /// The file to write; must not exist
        to: PathBuf,
    },
    /// Make a space from a backup
    Restore {
        /// The backup
        from: PathBuf,
        /// The space to make; must not exist [default: the space to work on]
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
    /// Take over what another memory remembered, initial data, or an export of ours
    ///
    /// Formats are found out: JSON lines, the file of the reference MCP memory server, exports of mem0 and of Claude
    /// (conversations.json, memories.json), files of calls, and exports of memstrata. A file with faults changes nothing.
    /// The configuration says which operation takes which kind of record ([imports]).
    Import {
        /// The file; `-` reads stdin
        #[arg(required_unless_present = "initial")]
        file: Option<PathBuf>,
        /// Take what is shipped: workflows, policies, templates of preferences, an example session
        #[arg(long, conflicts_with = "file")]
        initial: bool,
        /// The file's format, if it is not found out
        #[arg(long, value_enum)]
        format: Option<Format>,
        /// What a JSON line is that has no `kind`
        #[arg(long = "as", value_enum, default_value_t = RecordKind::Memory)]
        kind: RecordKind,
        /// A field of JSON lines under another name, like text=subject; may be given several times
        #[arg(long, value_name = "OURS=THEIRS", value_parser = pair)]
        field: Vec<(String, String)>,
        /// Leave out what cannot be read
        #[arg(long)]
        skip_bad: bool,
        /// Read and check everything, write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Write the rows of a space into a file, for other programs (JSON lines) or for people (Markdown)
    ///
    /// JSON lines hold every row with its id; `memstrata import` puts them into a new space. For the history too, see
    /// `memstrata backup`.
    Export {
        /// The file to write, must not exist; `-` writes to stdout
        #[arg(default_value = "-")]
        to: PathBuf,
        /// Markdown: what recall shows of each row
        #[arg(long)]
        markdown: bool,
        /// Only this layer or collection (`layer.collection`); may be given several times
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// Only this namespace and below
        #[arg(long, default_value = "", hide_default_value = true)]
        namespace: String,
    },
    /// Check a space: the file, the journal, full text and vectors against the rows
    Verify {
        /// Make full text and missing vectors anew first
        #[arg(long)]
        rebuild: bool,
        /// All spaces
        #[arg(long)]
        all: bool,
    },
    /// Make all vectors of a space anew with the configured model
    Reembed,
    /// Try a running host: 35 checks over HTTP, from sessions to concurrent writes, in a space of their own
    ///
    /// Works on the data directory of the host (its configuration says where), to make that space and remove it.
    /// Two checks write files into a folder the host is granted; without one they fail and say so.
    Smoke {
        /// Where the host listens [default: `bind` of the configuration]
        #[arg(long)]
        url: Option<String>,
        /// Checks of your own instead; see host/app/src/config/smoke.toml for how they are written
        #[arg(long, value_name = "FILE")]
        checks: Option<PathBuf>,
        /// The environment variable that holds a bearer token
        #[arg(long, value_name = "NAME")]
        token_env: Option<String>,
        /// Make all time limits so many times longer: for a machine that has other work
        #[arg(long, default_value_t = 1.0, value_name = "TIMES")]
        patience: f64,
    },
    /// Check this machine, the configuration and the data, and say what to do
    Doctor,
    /// Work on the configuration
    #[command(subcommand)]
    Config(Config),
}

/// What can be done with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// The layers, what serves them, and the generations kept
    List,
    /// What a component says of itself, imports and may use
    Inspect {
        /// A layer's name, or a component's file
        what: String,
    },
    /// Write the project of a component of your own, ready to build
    New {
        /// What it is to be
        #[arg(long, value_enum, default_value_t = Kind::Strategy)]
        kind: Kind,
        /// The language it is written in
        #[arg(long, value_enum)]
        lang: Language,
        /// Its name, and that of the folder to make: a-z, then a-z 0-9 _, at most 31
        name: String,
    },
    /// Run a component through the contract and say what to fix
    ///
    /// A layer runs its own examples and is called with bad arguments. A strategy proposes for jobs made up from the
    /// declaration of its collection and for recorded ones, twice the same, and each is applied and undone; the layers
    /// are those of the configuration. All of it happens in spaces of its own.
    Test {
        /// The component
        file: PathBuf,
        /// Recorded rows for a strategy: JSON lines, each a row of the collection it consolidates
        #[arg(long, value_name = "FILE")]
        jobs: Vec<PathBuf>,
    },
    /// Replace a layer's component in every running host on this data directory
    Swap {
        /// The layer
        layer: String,
        /// The new component
        file: PathBuf,
    },
    /// Go back to the component before
    Rollback {
        /// The layer
        layer: String,
    },
}

/// What can be done with pinned recalls.
#[derive(Debug, Subcommand)]
pub(crate) enum Pin {
    /// Pin one; it must hold now
    Add {
        /// What is asked, as a client would
        question: String,
        /// The memory it must find, `42` or `m:42`
        #[arg(long, value_name = "ID", required_unless_present = "says")]
        finds: Option<String>,
        /// Or a text that must stand in a hit
        #[arg(long, value_name = "TEXT", conflicts_with = "finds")]
        says: Option<String>,
        /// Hits looked at
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        within: u32,
        /// The namespace it is asked in
        #[arg(long, default_value = "", hide_default_value = true)]
        namespace: String,
        /// For people
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Ask all of them and show them; fails if one does not hold
    #[command(visible_alias = "list")]
    Check,
    /// Let go of one
    Remove {
        /// Its id, as `memstrata pin check` shows it
        pin: String,
    },
}

/// What a component can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// It proposes what lasts of raw memories
    Strategy,
}

/// The languages there are projects for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// Built by cargo
    Rust,
    /// JavaScript, built by npm and componentize-qjs
    Js,
    /// Built by pip and componentize-py
    Python,
}

/// What can be done with spaces.
#[derive(Debug, Subcommand)]
pub(crate) enum Space {
    /// The spaces
    List,
    /// Make a space
    Create {
        /// 1 to 100 of A-Z a-z 0-9 _ -
        name: String,
    },
    /// Delete a space and its file for good
    Delete {
        /// The space
        name: String,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Report all its faults at once
    Check,
    /// Print the configuration in force, defaults included
    Show,
    /// Print the default configuration with every key explained
    Default,
}

/// Reads `ours=theirs`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((ours, theirs)) if !ours.is_empty() && !theirs.is_empty() => Ok((ours.to_owned(), theirs.to_owned())),
        _ => Err("write it like text=subject".into()),
    }
}
