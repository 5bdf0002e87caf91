// Package kindsetup makes a kind cluster that trusts and reaches kindred, and kindred beside it: a
// container on kind's network.
//
//	engine ─▶ node image ─▶ keys ─▶ image ─▶ cluster ─▶ emulator ─▶ DNS ─▶ webhook ─▶ wait
//	          kindest/node  sa.key  scratch  kind       container   CoreDNS  admission
//
// Every step looks for what is there already, so that a second run changes nothing, and says how to
// undo what it made. What kindred itself is made of (fixture, keys, certificates) comes in as plain
// files: this package knows nothing of the emulator.
package kindsetup
