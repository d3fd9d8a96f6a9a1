//! memstrata-runtime
