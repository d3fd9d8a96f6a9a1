//! memstrata-gateway
