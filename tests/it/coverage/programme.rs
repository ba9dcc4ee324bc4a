//! The partner programme's coverage.
