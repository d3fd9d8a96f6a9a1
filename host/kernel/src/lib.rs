//! memstrata-kernel
