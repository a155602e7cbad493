//! Who acts in a night, and what each of them holds.

use std::collections::BTreeSet;

use firsthours_core::record::{Actor, EventId, Install, Role};

use crate::support::Author;

/// One who acts: a phone of their own, or a page of the server.
pub(crate) struct Person {
    hand: Hand,
    pub(crate) role: Role,
    pub(crate) actor: Actor,
    /// What has arrived here.
    pub(crate) held: BTreeSet<EventId>,
    /// The versions of the protocol that are here.
    pub(crate) protocols: BTreeSet<u32>,
    pub(crate) is_online: bool,
    /// What an older screen showed, until the next act is made from it.
    pub(crate) looked_at: Option<BTreeSet<EventId>>,
}

enum Hand {
    Phone(Box<Author>),
    Desk,
}

impl Person {
    pub(crate) fn with_phone(n: u8, role: Role) -> Self {
        let author = Author::phone(n, role);
        let actor = author.actor.clone();
        Self::new(Hand::Phone(Box::new(author)), role, actor)
    }

    pub(crate) fn at_a_desk(n: u8, role: Role) -> Self {
        Self::new(Hand::Desk, role, Author::desk(n, role).actor)
    }

    fn new(hand: Hand, role: Role, actor: Actor) -> Self {
        Self {
            hand,
            role,
            actor,
            held: BTreeSet::new(),
            protocols: BTreeSet::from([1]),
            is_online: true,
            looked_at: None,
        }
    }

    pub(crate) fn install(&self, server: &Author) -> Install {
        match &self.hand {
            Hand::Phone(author) => author.install,
            Hand::Desk => server.install,
        }
    }

    /// The chain that this person writes to: everybody at a desk writes to the server's.
    pub(crate) fn author<'a>(&'a mut self, server: &'a mut Author) -> &'a mut Author {
        match &mut self.hand {
            Hand::Phone(author) => author,
            Hand::Desk => {
                server.actor = self.actor.clone();
                server
            }
        }
    }
}
