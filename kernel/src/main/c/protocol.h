/*
 * The protocol of keeper and monitor, version 1.
 *
 * Transport: unix SOCK_SEQPACKET, one message a packet of at most MAX_MESSAGE bytes, with at most
 * MAX_FDS descriptors beside it. Only root may connect (SO_PEERCRED). All integers are
 * little-endian.
 *
 *   message = u32 type, u32 id, payload
 *   string  = u32 length, bytes (no NUL at the end)
 *
 * A request carries an id that its REPLY repeats:
 *   REPLY = u32 errno, string error; the fields of the answer follow where errno is 0.
 * An event has id 0, except those of an exec, which repeat the id of the EXEC.
 *
 * Append-only: a number is never reused, a payload only grows at its end, a receiver ignores bytes
 * behind those it knows, and answers ENOSYS to a type it does not know. A peer learns the other's
 * version by HELLO and does without what is too new.
 */
#ifndef NACELLE_PROTOCOL_H
#define NACELLE_PROTOCOL_H

#define PROTOCOL_VERSION 1
#define MAX_MESSAGE 65536
#define MAX_FDS 12

enum {
  MSG_HELLO = 0x0001, /* u32 version -> u32 version, u32 pid; of the keeper also u32 FEATURE_* flags,
                         string why FEATURE_LAZY is missing, or "" */

  /* to the keeper */
  KEEPER_SANDBOX_ENSURE = 0x0101, /* string id, u32 SANDBOX_* flags, string hostname, u32 n, n * (string
                                     sysctl path, string value) -> u32 made (0 or 1), u32 init pid */
  KEEPER_SANDBOX_OPEN = 0x0102,   /* string id -> u32 flags; a descriptor for each flag, lowest first */
  KEEPER_SANDBOX_REMOVE = 0x0103, /* string id; an unknown one is a success */
  KEEPER_SANDBOX_LIST = 0x0104,   /* string after -> u32 n, n * string id; some with id > after, in order */
  KEEPER_MONITOR_START = 0x0105,  /* string id, u32 STDIO_* and START_* flags -> u32 pid; a connection to it */
  KEEPER_MONITOR_FORGET = 0x0106, /* string id; drops the spare ends of a container that ended */
  KEEPER_WATCH = 0x0107,          /* this connection receives the keeper's events */
  KEEPER_UPGRADE = 0x0108,        /* string keeper path, string monitor path; execve in place; the reply
                                     goes out before, connections close */
  KEEPER_POOL = 0x0109,           /* u32 sandboxes to keep ready */
  KEEPER_SHUTDOWN = 0x010a,       /* removes all sandboxes and ends; EBUSY while monitors live */
  KEEPER_MONITOR_ADOPT = 0x010b,  /* string id[, u32 START_LAZY]; starts a monitor for a container whose own is
                                     gone, if the keeper has no live one; a success otherwise */

  /* Files that are filled while they are read. The keeper alone reads the fanotify group. A file's
     presence map is a file of little-endian 32-bit words: chunk n is present when bit n & 31 of word
     n / 32 is set, which is done with release order after its bytes are written. Neither file is
     ever made shorter. */
  KEEPER_LAZY_OPEN = 0x010c,   /* [descriptors: a group to take over, which nobody reads, and its table]
                                  -> u32 GROUP_*, u32 reads that go on from the table, u32 reads that were
                                  not in it (each got EIO); duplicates of both, never to be read */
  KEEPER_LAZY_ADD = 0x010d,    /* string id, u64 size, u32 chunk size (of 4096), u32 ADD_* flags;
                                  descriptors: the file for reading and writing, its map -> u32 handle */
  KEEPER_LAZY_REMOVE = 0x010e, /* string id, u32 REMOVE_* flags; ENODATA unless it is whole; an unknown
                                  one is a success */
  KEEPER_LAZY_LIST = 0x010f,   /* u32 from handle -> u32 n, n * (u32 handle, u64 size, u32 chunk size,
                                  string id); some with at least that handle, in order */
  KEEPER_LAZY_FILE = 0x0110,   /* string id -> u32 handle, u64 size, u32 chunk size; the file by a
                                  descriptor that raises no events, its map; EAGAIN: not yet */
  KEEPER_LAZY_SERVE = 0x0111,  /* this connection fills from now on, no other; all files are known by now
                                  -> u32 reads that wait; then LAZY_READS events */
  KEEPER_LAZY_ANSWER = 0x0112, /* u32 n, n * (u64 sequence number, u32 errno or 0); not answered */

  /* to a monitor, from clients */
  MONITOR_CREATE = 0x0201, /* -> u32 init pid */
  MONITOR_START = 0x0202,  /* -> u32 init pid, u64 started (ns since the epoch) */
  MONITOR_RUN = 0x0203,    /* both at once; as START */
  MONITOR_STATUS = 0x0204, /* -> u32 STATE_*, u32 init pid, u64 created, u64 started, u64 first output */
  MONITOR_WATCH = 0x0205,  /* this connection receives EXITED and FIRST_OUTPUT; -> as STATUS */
  MONITOR_STOP = 0x0206,   /* u32 signal, u64 grace in ms; then KILL; answered at once */
  MONITOR_SIGNAL = 0x0207, /* u32 signal */
  MONITOR_EXEC = 0x0208,   /* u32 STDIO_* flags, u32 columns, u32 rows, u32 n, n * string argument -> u32 pid;
                              descriptors: terminal, or [stdin,] stdout, stderr. The connection is the
                              exec's own; its end kills the process */
  MONITOR_ATTACH = 0x0209, /* -> u32 STDIO_* flags of the container; then OUTPUT events */
  MONITOR_STDIN = 0x020a,  /* the rest of the message is input; not answered */
  MONITOR_STDIN_CLOSE = 0x020b, /* not answered */
  MONITOR_RESIZE = 0x020c,      /* u32 columns, u32 rows */
  MONITOR_REOPEN_LOG = 0x020d,

  /* between keeper and monitor */
  CONTROL_INIT = 0x0301,     /* to the monitor, first: u32 INIT_* flags, string id; descriptors in the
                                order of the flags, lowest first, after the container's directory and
                                the shared state */
  CONTROL_TAKEOVER = 0x0302, /* to the monitor's socket, from a new keeper; -> u32 INIT_* flags;
                                descriptors as in INIT; the connection becomes the control channel */
  CONTROL_REAPED = 0x0303,   /* to the monitor: u32 pid, u32 wait status */
  CONTROL_SPARE = 0x0304,    /* to the keeper: u32 INIT_* flag of the one descriptor */
  CONTROL_STDIN_CLOSED = 0x0305, /* to the keeper */

  MSG_REPLY = 0x8000,

  EVENT_MONITOR_DIED = 0x9101, /* string id, u32 respawned (0 or 1), u32 pid of the new one */
  EVENT_LAZY_READS = 0x9102,   /* u32 n, n * (u64 sequence number, u32 handle, u64 offset, u64 count): ranges
                                  that are not all present */
  EVENT_EXITED = 0x9201,       /* u32 code, u32 signal, u32 oom, u64 finished */
  EVENT_FIRST_OUTPUT = 0x9202, /* u64 when */
  EVENT_EXEC_EXITED = 0x9203,  /* u32 code, u32 signal */
  EVENT_OUTPUT = 0x9204,       /* u32 stream (1 or 2); the rest is output */
};

enum { SANDBOX_NET = 1, SANDBOX_IPC = 2, SANDBOX_UTS = 4, SANDBOX_PID = 8 };
enum { STDIO_TTY = 1, STDIO_STDIN = 2 };
enum {
  START_RUN = 4, /* the monitor creates and starts at once; the connection watches as after WATCH */
  START_LAZY = 8 /* the monitor holds a duplicate of the fanotify group; ENOENT if there is none */
};
enum { GROUP_MADE, GROUP_TAKEN_OVER, GROUP_WAS_OPEN };
enum { ADD_RAISES = 1 /* the file may have been marked when it was opened: a silent descriptor is found */ };
enum { REMOVE_DISCARD = 1 /* nobody needs it: also if it is not whole; readers get EIO */ };
enum { STATE_NEW, STATE_CREATING, STATE_CREATED, STATE_RUNNING, STATE_EXITED };
enum {
  INIT_CLIENT = 1, /* a connection that has been made already */
  INIT_STDOUT = 2, /* the ends the monitor reads and writes */
  INIT_STDERR = 4,
  INIT_STDIN = 8,
  INIT_CHILD_STDOUT = 16, /* the container's ends, of a new container */
  INIT_CHILD_STDERR = 32,
  INIT_CHILD_STDIN = 64,
  INIT_TTY = 128,   /* the terminal's master */
  INIT_ADOPT = 256, /* no descriptor: the container may run already */
  INIT_EMPTY_MOUNTS = 512, /* a mount namespace with nothing in it, for the native starter */
  INIT_RUN = 1024, /* no descriptor: as MONITOR_RUN, at once, and MONITOR_WATCH of the client */
  INIT_LAZY = 2048, /* the fanotify group and its table, to hold; also handed to a new keeper by TAKEOVER */
};
enum {
  FEATURE_STARTER = 1, /* monitors can start containers without an OCI runtime */
  FEATURE_LAZY = 2     /* files can be filled while they are read: a file was marked */
};

#endif
