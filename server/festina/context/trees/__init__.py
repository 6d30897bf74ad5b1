"""What JavaScript, TypeScript, Go and Rust define and use, read from tree-sitter's trees."""
