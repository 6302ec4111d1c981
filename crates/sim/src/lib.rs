//! Virtual clock, seeded network, a whole lesson in memory.
