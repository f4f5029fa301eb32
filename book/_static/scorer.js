// Order of search results: chapters before the appendix, whose pages name every term. The numbers are Sphinx's own.
var Scorer = {
  score: ([docname, , , , score]) => (docname.startsWith("appendix/") ? score / 10 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
