//! The rules of [`crate::code`]: a name, the weakness (CWE, MITRE), how bad, what to do instead, and how a line shows it.

use crate::code::{Language, Line};
use crate::sensitive;

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The weakness.
    pub cwe: &'static str,
    /// How bad.
    pub severity: &'static str,
    /// What to do instead.
    pub fix: &'static str,
    /// Where it holds; everywhere if empty.
    pub languages: &'static [Language],
    /// Whether its line holds a secret, which an answer must not show.
    pub secret: bool,
    /// Whether a line shows it.
    pub check: fn(&Line<'_>) -> bool,
}

const fn rule(
    name: &'static str,
    cwe: &'static str,
    severity: &'static str,
    languages: &'static [Language],
    check: fn(&Line<'_>) -> bool,
    fix: &'static str,
) -> Rule {
    Rule { name, cwe, severity, fix, languages, secret: false, check }
}

const SCRIPTED: &[Language] = &[Language::Python, Language::Script];

/// All rules.
pub const RULES: &[Rule] = &[
    Rule {
        name: "hard-coded-secret",
        cwe: "CWE-798",
        severity: "critical",
        fix: "Read it from the environment or a secret store, and replace the one that was written down.",
        languages: &[],
        secret: true,
        check: |line| sensitive::find(line.text).iter().any(|found| !matches!(found.kind, "email" | "card_number")),
    },
    rule(
        "eval",
        "CWE-95",
        "high",
        SCRIPTED,
        |line| {
            line.calls("eval")
                || (line.language == Language::Python && line.calls("exec"))
                || line.has_packed("newFunction(")
        },
        "Parse the text (ast.literal_eval, JSON.parse) or look the name up in a table.",
    ),
    rule(
        "command-injection",
        "CWE-78",
        "high",
        &[],
        commands,
        "Give the program and its arguments as a list, without a shell.",
    ),
    rule("sql-injection", "CWE-89", "high", &[], sql, "Use parameters: `WHERE id = ?` with the value beside it."),
    rule(
        "insecure-deserialization",
        "CWE-502",
        "high",
        &[],
        deserializes,
        "Use a data format such as JSON, or a safe loader.",
    ),
    rule(
        "weak-hash",
        "CWE-328",
        "medium",
        &[],
        |line| {
            ["md5", "sha1", "hashlib.md5", "hashlib.sha1", "MD5", "SHA1"].iter().any(|name| line.calls(name))
                || [
                    "\"MD5\"",
                    "\"SHA-1\"",
                    "\"SHA1\"",
                    "'md5'",
                    "'sha1'",
                    "\"md5\"",
                    "\"sha1\"",
                    "Md5::new",
                    "Sha1::new",
                ]
                .iter()
                .any(|mark| line.code.contains(mark))
        },
        "Use SHA-256; for passwords Argon2 or bcrypt.",
    ),
    rule(
        "weak-cipher",
        "CWE-327",
        "medium",
        &[],
        |line| {
            [
                "/ECB/",
                "MODE_ECB",
                "\"DES\"",
                "\"DESede\"",
                "\"RC4\"",
                "DES.new",
                "ARC4.new",
                "des-ecb",
                "aes-128-ecb",
                "aes-256-ecb",
            ]
            .iter()
            .any(|mark| line.code.contains(mark))
        },
        "Use AES-GCM or ChaCha20-Poly1305.",
    ),
    rule(
        "weak-random",
        "CWE-338",
        "medium",
        SCRIPTED,
        |line| {
            (line.calls("Math.random")
                || line.calls("random.random")
                || line.calls("random.randint")
                || line.calls("random.choice"))
                && ["token", "password", "secret", "key", "nonce", "salt", "session"]
                    .iter()
                    .any(|word| line.has_word(word))
        },
        "Use the `secrets` module or `crypto.getRandomValues`.",
    ),
    rule(
        "tls-not-verified",
        "CWE-295",
        "high",
        &[],
        |line| {
            [
                "verify=False",
                "rejectUnauthorized:false",
                "danger_accept_invalid_certs(true)",
                "InsecureSkipVerify:true",
                "CERT_NONE",
                "NODE_TLS_REJECT_UNAUTHORIZED=0",
            ]
            .iter()
            .any(|mark| line.has_packed(mark))
        },
        "Leave verification on, and add the authority's certificate if it is your own.",
    ),
    rule(
        "cross-site-scripting",
        "CWE-79",
        "medium",
        &[Language::Script],
        |line| {
            line.has_packed(".innerHTML=")
                || line.code.contains("dangerouslySetInnerHTML")
                || line.calls("document.write")
                || line.code.contains("v-html=")
        },
        "Set text (`textContent`), or clean the HTML first.",
    ),
    rule(
        "path-traversal",
        "CWE-22",
        "high",
        &[],
        |line| {
            ["open", "readFile", "readFileSync", "sendFile", "send_file", "createReadStream", "read_to_string"]
                .iter()
                .any(|name| line.calls_method(name))
                && ["request.", "req.", "params[", "params.", "argv[", "$_GET", "$_POST"]
                    .iter()
                    .any(|mark| line.code.contains(mark))
        },
        "Take a name from a list you know, or check that the resolved path is inside of the folder.",
    ),
    rule(
        "debug-mode",
        "CWE-489",
        "medium",
        &[Language::Python],
        |line| line.has_packed("debug=True") || line.has_packed("DEBUG=True"),
        "Turn it on by a setting that production does not have.",
    ),
    rule(
        "world-writable",
        "CWE-732",
        "medium",
        &[],
        |line| {
            line.code.contains("chmod 777")
                || line.code.contains("chmod -R 777")
                || line.has_packed(",0o777)")
                || line.has_packed("from_mode(0o777)")
                || line.has_packed(",0777)")
        },
        "Give the owner and group what they need, others nothing.",
    ),
    rule(
        "unbounded-copy",
        "CWE-120",
        "high",
        &[Language::C],
        |line| ["strcpy", "strcat", "gets", "sprintf", "vsprintf"].iter().any(|name| line.calls(name)),
        "Use the form with a length (snprintf, strlcpy, fgets).",
    ),
    rule(
        "temporary-file",
        "CWE-377",
        "low",
        &[],
        |line| line.calls("tempfile.mktemp") || line.calls("mktemp") || line.calls("tmpnam"),
        "Use mkstemp or NamedTemporaryFile: they make the file and name it in one step.",
    ),
    rule(
        "clear-text",
        "CWE-319",
        "low",
        &[],
        |line| {
            line.code.match_indices("http://").any(|(at, _)| {
                !["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "www.w3.org", "schemas.", "xmlns", "{", "$"]
                    .iter()
                    .any(|host| line.code.get(at + 7..).is_some_and(|rest| rest.starts_with(host)))
            })
        },
        "Use https.",
    ),
];

fn commands(line: &Line<'_>) -> bool {
    line.has_packed("shell=True")
        || ["os.system", "os.popen", "commands.getoutput"].iter().any(|name| line.calls(name))
        || (["exec", "execSync", "spawn", "system", "popen", "child_process.exec"]
            .iter()
            .any(|name| line.calls_method(name))
            && (line.builds_string() && (line.language != Language::Python || line.code.contains("popen"))))
        || (line.code.contains("getRuntime().exec(") && line.builds_string())
        || (line.code.contains("Command::new(\"sh\")") || line.code.contains("Command::new(\"bash\")"))
}

/// A statement in a string that is put together with a variable.
fn sql(line: &Line<'_>) -> bool {
    let lower = line.code.to_ascii_lowercase();
    let statement = [("select ", " from "), ("insert ", " into "), ("update ", " set "), ("delete ", "from ")]
        .iter()
        .any(|(verb, with)| {
            lower.find(verb).is_some_and(|at| lower.get(at + verb.len() - 1..).is_some_and(|rest| rest.contains(with)))
        });
    let opens = [
        "\"select ",
        "'select ",
        "`select ",
        "\"insert ",
        "'insert ",
        "`insert ",
        "\"update ",
        "'update ",
        "`update ",
        "\"delete ",
        "'delete ",
        "`delete ",
    ];
    statement && opens.iter().any(|open| lower.contains(open)) && line.builds_string()
}

fn deserializes(line: &Line<'_>) -> bool {
    let loads = [
        "pickle.load",
        "pickle.loads",
        "cPickle.loads",
        "marshal.loads",
        "dill.loads",
        "shelve.open",
        "unserialize",
        "Marshal.load",
    ];
    loads.iter().any(|name| line.calls(name))
        || line.code.contains("new ObjectInputStream(")
        || (line.calls("yaml.load") && !line.code.contains("SafeLoader"))
}
