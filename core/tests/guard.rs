//! The language guard, measured on a corpus of its own, and its laws over any text.
//!
//! `guard/corpus.en.jsonl` and `corpus.es.jsonl` hold a sentence a line: what kind it is, what is to be flagged in it,
//! and, if it is a near miss, of which rules. Sentences of batch 1 were written before the rules were tuned; those of
//! batch 2 after, and both were measured before a rule was changed for them: `guard/README.md` has the figures.

mod corpus;
mod laws;
mod shipped;
