// The rules: what a session comes to. The same events give the same digest, in any order of ids and in any language:
// integers, code points, and ASCII where letters are told apart.

// Words that say nothing about a session.
const STOP = new Set(["about", "from", "have", "into", "that", "then", "they", "this", "were", "when", "will", "with"]);

// Code points of a title, and of a quotation.
const SHORT = 80;

// The digest of a session's events, which are in order of time: `{ content, topic, tags, repeats }`, or null of none.
export function digest(events, topWords) {
  if (events.length === 0) return null;
  const first = events[0];
  const last = events[events.length - 1];
  const kinds = new Map();
  const words = new Map();
  const said = new Map();
  for (const event of events) {
    count(kinds, event.event_type);
    for (const word of wordsOf(event.content)) count(words, word);
    const what = `${event.event_type} ${oneLine(event.content)}`;
    if (!said.has(what)) said.set(what, []);
    said.get(what).push(event.id);
  }
  // A Map keeps the order in which its keys came.
  const repeats = [...said.values()].filter((ids) => ids.length > 1);
  const session = short(oneLine(first.session_id ?? ""));
  const span = Math.max(0, last.timestamp - first.timestamp);
  // Exact: a fraction of such large numbers is not.
  const minutes = (span - (span % 60000)) / 60000;
  const title = session === "" ? "Events of no session" : `Session ${session}`;
  let content = `${title}: ${events.length} events in ${minutes} minutes. Kinds: ${listed(kinds, 20)}.`;
  if (topWords > 0 && words.size > 0) content += ` Often: ${listed(words, topWords)}.`;
  if (repeats.length > 0) content += ` Said more than once: ${repeats.length}.`;
  content += `\nFirst: ${short(oneLine(first.content))}`;
  if (events.length > 1) content += `\nLast: ${short(oneLine(last.content))}`;
  return { content, topic: session === "" ? "no session" : session, tags: [...kinds.keys()].sort(byCodePoints), repeats };
}

function count(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

// `often 7, seldom 2`: the greatest first, equal ones by code points.
function listed(counts, most) {
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || byCodePoints(a[0], b[0]));
  return sorted.slice(0, most).map(([name, times]) => `${name} ${times}`).join(", ");
}

// The order of other languages: `<` compares UTF-16 units, and has what lies above U+FFFF before U+E000.
function byCodePoints(a, b) {
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < left.length && at < right.length; at++) {
    const difference = left[at].codePointAt(0) - right[at].codePointAt(0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

// Runs of letters and digits, ASCII in lower case; all that is not ASCII counts as a letter. 4 to 30 code points.
function wordsOf(text) {
  const words = text.split(/[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+/).map(lowered);
  return words.filter((word) => {
    const length = [...word].length;
    return length >= 4 && length <= 30 && !STOP.has(word);
  });
}

function lowered(text) {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

// With one blank for each run of white space (ASCII), and none at the ends.
function oneLine(text) {
  return text.split(/[ \t\n\r]+/).filter((part) => part !== "").join(" ");
}

// The beginning of a text.
function short(text) {
  const points = [...text];
  return points.length > SHORT ? `${points.slice(0, SHORT).join("")}..` : text;
}
