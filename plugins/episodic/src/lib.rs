//! memstrata-episodic
