//! memstrata-retrieval
