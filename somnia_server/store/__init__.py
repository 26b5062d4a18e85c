"""What is kept, and the only place that speaks SQL; outwards it speaks the engine's types."""
