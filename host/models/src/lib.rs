//! memstrata-models
