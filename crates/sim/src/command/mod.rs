//! The commands, one a file.

mod make;
mod plot;
mod run;
mod schema;

pub use make::make;
pub use plot::plot;
pub use run::{RunOptions, run};
pub use schema::schema;
