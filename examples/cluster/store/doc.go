// Package store keeps the messages of a sync server in a stream of NATS JetStream.
//
// # Files
//
//	port.go         entries, batches, pages and errors
//	key.go          the keys of entries
//	subject.go      the subjects of keys
//	open.go         opening a stream and checking its settings
//	commit.go       sending a batch
//	outcome.go      what the answer of JetStream means
//	copies.go       why the state of a workspace is stored several times
//	budget.go       how much may be on its way
//	load.go         reading entries, of one moment
//	after.go        reading the records of a workspace, page by page
//	list.go         reading entries of one kind, and the workspaces
//	read.go         asking the leader and other nodes
//	replies.go      requests with several answers
//	retry.go        retries, and how long they go on
//	watch.go        changes, as they happen
//	delete.go       deleting messages
//	incarnation.go  which life of the stream a position belongs to
//	health.go       whether the cluster accepts writes
//	leader.go       which node leads, and which nodes do not answer
//
// # The stream
//
// Each entry is the only message of its subject: stream.w.workspace.kind.name, or
// stream.g.kind.name for entries of the whole cluster. A batch is an atomic batch of JetStream, and
// each of its messages expects the sequence that it replaces. The last message of a batch is the
// head, stream.w.workspace.r.h. It is empty and replaces any other. Its sequence is the position
// of the workspace, so it is the floor of reads, the end of a pull, and what a watch observes.
//
// # Reads
//
// Any node answers a read, also one that lags. An answer is used only if the node has the head that
// the leader named when the read began. A leader that was replaced and does not know it can
// name an old head for about ten seconds. Such a read is old, but of one moment, and a
// commit that is based on it conflicts.
//
// # Hazards
//
// The settings of the stream are checked when it is opened. JetStream accepts an update that
// permits no batches, or that drops messages by age or size, and reports it to no one.
//
// A stream has a maximal size, because JetStream checks it before it stores the first message of a
// batch. If a node alone reaches a limit of the node or of the disk instead, it can keep a part of a
// batch. Such a workspace cannot be read until the node restarts.
//
// A stream that was restored from a backup, or from copied files, reuses sequences. Only
// [Store.Renew] makes that visible.
//
// A connection must not keep messages while it is disconnected, or a batch could be sent long after
// its Commit has returned: use the option nats.ReconnectBufSize(-1), as package node does.
//
// One node without others is safe from the end of the process, but not from the loss of power,
// because it does not sync. A node alone that syncs is slower than three nodes, and is not offered.
package store
