//! What is answered, from the sources' own numbers through the store, on both databases.

mod numbers;
mod progress;
mod reconciliation;
mod refusals;
mod reports;
mod scene;
