//! A record as a whole: its versions, its scene, what is disputed and who decides, what rings, what is printed.

#[path = "whole/alarms.rs"]
mod alarms;
#[path = "whole/calls.rs"]
mod calls;
#[path = "whole/disputes.rs"]
mod disputes;
#[path = "whole/next.rs"]
mod next;
#[path = "whole/paper.rs"]
mod paper;
#[path = "whole/parts.rs"]
mod parts;
#[path = "whole/scene.rs"]
mod scene;
#[path = "whole/sheets.rs"]
mod sheets;
mod support;
#[path = "whole/versions.rs"]
mod versions;
