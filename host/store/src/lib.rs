//! memstrata-store
