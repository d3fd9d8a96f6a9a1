//! memstrata-semantic
