//! A record as a whole: its versions, its scene, what is disputed and who decides, what rings, what is printed.

mod alarms;
mod bounds;
mod calls;
mod disputes;
mod next;
mod paper;
mod parts;
mod scene;
mod sheets;
mod versions;
