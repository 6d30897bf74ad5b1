"""The bundled sample project, and what `festina try` asks for in it."""
