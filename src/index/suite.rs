//! What an index must do. (Placeholder replaced below.)
