"""How each of the company's tools exports: one module a tool."""
