"""What it looks like: values in, trees and figures out."""
