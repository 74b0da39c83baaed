//! Says what the layers of an image hold, what they waste, and how two images differ.
