// What becomes of a query before the theme's search gets it. By itself, the search keeps every word
// and takes it for the beginning of one: "what is a peephole" would be what* is* a* peephole*, which
// is on every page.
{ // all scripts share one scope
  const QUERY = 2; // the theme's type of such a message to its worker
  const EXACT = 3; // weight of a word itself, beside words that begin with it
  const SHORT = 4; // characters; fewer are the beginning of too many words
  const STOP_WORDS = new Set(
    `a about all also am an and any are as at be been between but by can could did do does for
    from get had has have how i if in into is it its make may me might most much my need of on
    or our own should so some than that the their them then there these they this those through
    to us use using versus vs was we were what when where which while who whose why will with
    would you your`.split(/\s+/)
  );
  const OPERATORS = /["~^*:]|(^|\s)[+-]/; // of the search: such a query is left as it is

  // Singular and plural are found by either: "gate" and "gates" by gate*, "libraries" by librar*.
  const beginning = (word) => word.replace(/(?<=....)ies$|(?<=...)(?<![aisu])s$/, "");

  // As the pages spell it. A plus sign is no part of a word.
  const spelled = (query) =>
    query
      .replace(/\bc\+\+/g, "cpp")
      .replace(/(?<=\w{4})iz(?=(e[drs]?|ing|ations?)\b)/g, "is");

  // The search takes a word without a weight for a beginning.
  const clauses = (word, number, words) => {
    if (word.length >= SHORT) return [`${beginning(word)}^${EXACT}`, beginning(word)];
    return [words.length === 1 ? word : `${word}^${EXACT}`];
  };

  const transform = (query) => {
    if (OPERATORS.test(query)) return query;
    const words = spelled(query.toLowerCase()).match(/[\p{L}\p{N}_]+/gu) ?? [];
    const content = words.filter((word) => !STOP_WORDS.has(word));
    return content.length ? content.flatMap(clauses).join(" ") : query;
  };

  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message) {
    const isQuery = message.type === QUERY;
    postMessage.call(this, isQuery ? { ...message, data: transform(message.data) } : message);
  };
}
