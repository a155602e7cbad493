//! The language guard, measured on a corpus of its own, and its laws over any text.
//!
//! `guard/corpus.en.jsonl` and `corpus.es.jsonl` hold a sentence a line: what kind it is, what is to be flagged in it,
//! and, if it is a near miss, of which rules. They were written in batches: 1 beside the rules; 2, 3 and 5 each before a rule
//! was changed for any of its sentences, so that what was measured then says how the rules do on sentences that they were
//! not made for; 4 are probes for what those showed.
//!
//! | before tuning | English: precision, recall | Spanish |
//! |---|---|---|
//! | batch 1 | 0.956, 0.942 | 0.943, 0.943 |
//! | batch 2 | 0.959, 0.870 | 0.913, 0.894 |
//! | batch 3 | 0.895, 0.944 | 0.939, 0.939 |
//! | batch 5 | 0.951, 0.951 | 0.943, 0.892 |
//!
//! The test prints what they are now. Only a new batch says more than that nothing was broken.

mod corpus;
mod laws;
mod shipped;
mod unseen;
