//! Statistics: estimates with their errors, and conclusions from them.
//!
//! | module | what |
//! |---|---|
//! | [`estimate`] | a number with its standard error and interval; means over seeds |
//! | [`tally`] | correct answers by recording |
//! | [`by_class`] | correct answers by class |
//! | [`crossed`] | intervals and differences of accuracies over seeds and recordings |
//! | [`paired`] | Student's paired test, and Holm's correction |
//! | [`verdict`] | shown, not shown, shown otherwise, on a margin |
//! | [`slope`] | a trend along a stream |
//! | [`change_point`] | where a series changes its mean |

pub mod by_class;
pub mod change_point;
pub mod crossed;
pub mod estimate;
pub mod paired;
pub mod slope;
pub mod tally;
pub mod verdict;
