/*
 * The protocol of lock, term, commit, outbox and takeover: see docs/protocol.md. README.md says what is modelled.
 *
 * Two instances, one entry with two occurrences, one command that its sender may send twice. Every step of a process
 * is atomic; a request and its answer are separate steps, so that other steps come between a decision and its commit.
 */

/* OUTBOX=1: broker and ledger are two stores. The weakened variants are 0 unless check.sh sets one of them. */
#ifndef OUTBOX
#define OUTBOX 0
#endif
#ifndef NO_TOKEN_CHECK     /* The store applies commits and removals of every term. */
#define NO_TOKEN_CHECK 0
#endif
#ifndef NO_STATE_CHECK     /* The store does not compare states. */
#define NO_STATE_CHECK 0
#endif
#ifndef NO_REV             /* A commit leaves `rev` unchanged. */
#define NO_REV 0
#endif
#ifndef REDECIDE           /* A leader may reject a command that it tried to apply in the same term, and vice versa. */
#define REDECIDE 0
#endif
#ifndef NO_NOTICE          /* A leader that gave up a commit does not notice that the command was finished. */
#define NO_NOTICE 0
#endif
#ifndef REMOVE_FIRST       /* The leader removes a message from the outbox before it publishes it. */
#define REMOVE_FIRST 0
#endif
#ifndef NO_DRAIN           /* A term does not publish what earlier terms left in the outbox. */
#define NO_DRAIN 0
#endif
#ifndef NO_RETRY           /* A leader without an answer regards its commit as done. */
#define NO_RETRY 0
#endif
#ifndef NO_EXPIRY          /* The lock of a dead instance does not expire. */
#define NO_EXPIRY 0
#endif

/* How many faults of each kind may occur, at any time. */
#ifndef EXPIRIES
#define EXPIRIES 1
#endif
#ifndef LOST
#define LOST 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LATE
#define LATE 2             /* Requests that are late at the same time. */
#endif

#define NONE 2             /* Neither instance. */
#define RUN 3              /* The id of the command's message; occurrences have the ids 1 and 2. */

mtype = { FOLLOWING, BEGINNING, LOADING, LEADING, WAITING };
mtype = { BEGIN, COMMIT, PUBLISH, REMOVE };
mtype = { OCCURRENCE, APPLY, REJECT, DROP };
mtype = { FENCED, CONFLICT, REPEATED, NEW, DONE };

typedef Request { mtype op, kind; byte token, rev, due, id; bool served }

/* The lock. It expires while its holder believes that it leads. */
byte holder = NONE;
bool begun = false;        /* Both instances are alike: instance 0 is the first. */

/* The ledger and its store. */
byte newest = 0;           /* The token of the newest term. */
byte rev = 1, due = 0;     /* The state of the entry; `due` counts the occurrences that are dealt with. */
byte commands = 1;         /* Copies of the command in the command log. */
mtype audit = 0;           /* The audit row of the command. */
bool outbox[4];

/* The broker: how often it received each message. */
byte queue[4];

/* What happened, for the invariants. */
byte committed[4];

/* The instances. */
mtype mode[2] = FOLLOWING;
byte token[2];
byte knownRev[2], knownDue[2];
Request call[2];           /* The request without an answer. */
mtype commit[2];           /* The kind of the commit under way; 0 while the term begins. */
mtype decided[2];          /* What this term decided about the command. */
bool gaveUp[2];            /* The leader gave up the commit of the command; its outcome is unknown. */
bool confirmed[2];         /* The broker confirmed the message under way. */

/* Requests whose sender no longer waits. They arrive at any time, in any order, or never. */
Request late[LATE];

byte expiries = EXPIRIES, losses = LOST, crashes = CRASHES, sends = 1;
#define FAULTS (expiries > 0 || losses > 0 || crashes > 0 || sends > 0)

mtype answer;              /* Of the store or the broker; scratch. */
byte scratch;
bool served;

inline clear(r) { r.op = 0; r.kind = 0; r.token = 0; r.rev = 0; r.due = 0; r.id = 0; r.served = false }

inline copy(from, to) {
  to.op = from.op; to.kind = from.kind; to.token = from.token; to.rev = from.rev; to.due = from.due; to.id = from.id
}

/* One atomic step of the ledger: check the token, compare the state, publish or append, write. */
inline applyCommit(r) {
  if
  :: r.token != newest && !NO_TOKEN_CHECK -> answer = FENCED
  :: else ->
    if
    :: r.kind == REJECT || r.kind == DROP -> answer = NEW
    :: else ->
      if
      :: NO_STATE_CHECK || (rev == r.rev && due == r.due) -> answer = NEW
      :: else ->
        if
        :: rev == r.rev + 1 - NO_REV && due == r.due + (r.kind == OCCURRENCE) -> answer = REPEATED
        :: else -> answer = CONFLICT
        fi
      fi
    fi;
    /* (4) A commit that was applied, and whose answer was lost, is recognised when it is repeated. */
    assert(NO_STATE_CHECK || NO_REV || !r.served || r.kind == REJECT || r.kind == DROP || answer == REPEATED);
    if
    :: answer == NEW || answer == REPEATED ->
      /* (1) Nothing of an older term is applied after a newer one has begun. */
      assert(r.token == newest);
      if
      :: answer == NEW && (r.kind == OCCURRENCE || r.kind == APPLY) ->
        committed[r.id]++;
        assert(committed[r.id] == 1);                                    /* (2), (6) */
        assert(!(r.kind == APPLY && audit == REJECT));                   /* (6) */
        scratch = r.due + (r.kind == OCCURRENCE);
        assert((NO_REV || r.rev + 1 > rev) && scratch >= due);           /* (3) */
        rev = r.rev + 1 - NO_REV;
        due = scratch;
        if
        :: OUTBOX -> outbox[r.id] = true
        :: else -> queue[r.id]++
        fi
      :: else
      fi;
      if
      :: r.kind != OCCURRENCE ->
        if :: commands > 0 -> commands-- :: else fi;
        if
        :: r.kind != DROP ->
          assert(!(r.kind == REJECT && committed[RUN] > 0));             /* (6) */
          audit = r.kind
        :: else
        fi
      :: else
      fi;
      answer = DONE
    :: else
    fi
  fi;
  scratch = 0
}

/* Serves a request, and leaves the answer in `answer`; the token of a new term is in `newest`. */
inline serve(r) {
  if
  :: r.op == BEGIN -> newest++; answer = DONE
  :: r.op == COMMIT -> applyCommit(r)
  :: r.op == PUBLISH ->
    assert(committed[r.id] == 1);                                        /* (5) */
    /* More than two copies are like two. */
    if :: queue[r.id] < 2 -> queue[r.id]++ :: else fi;
    answer = DONE
  :: r.op == REMOVE ->
    if
    :: r.token != newest && !NO_TOKEN_CHECK -> answer = FENCED
    :: else ->
      assert(r.token == newest);                                         /* (1) */
      assert(queue[r.id] > 0);                                           /* (5) */
      outbox[r.id] = false;
      answer = DONE
    fi
  fi
}

inline send(i, anOp, aKind, anId) {
  call[i].op = anOp; call[i].kind = aKind; call[i].token = token[i];
  call[i].rev = (anOp == COMMIT -> knownRev[i] : 0);
  call[i].due = (anOp == COMMIT -> knownDue[i] : 0);
  call[i].id = anId
}

/* The instance no longer waits for its request: it may still arrive. */
inline abandon(i) {
  if
  :: call[i].op != 0 && losses > 0 && late[0].op == 0 -> losses--; copy(call[i], late[0])
  :: call[i].op != 0 && losses > 0 && late[0].op != 0 && late[1].op == 0 -> losses--; copy(call[i], late[1])
  :: true
  fi;
  clear(call[i])
}

/* The term ends, or the process dies. */
inline forget(i) {
  abandon(i);
  token[i] = 0; knownRev[i] = 0; knownDue[i] = 0; commit[i] = 0; confirmed[i] = false; decided[i] = 0; gaveUp[i] = false
}

inline stepDown(i) {
  forget(i);
  if :: holder == i -> holder = NONE :: else fi;
  mode[i] = FOLLOWING
}

/* The message that is to be published: of the commit under way, or the first one in the outbox when a term begins. */
inline sendMessage(i, m) {
  if
  :: REMOVE_FIRST -> send(i, REMOVE, 0, m)
  :: else -> send(i, PUBLISH, 0, m)
  fi;
  confirmed[i] = false;
  mode[i] = WAITING
}

/* Publishes the first message that earlier terms left in the outbox, or loads the states. */
inline drain(i) {
  if
  :: OUTBOX && !NO_DRAIN && outbox[1] -> sendMessage(i, 1)
  :: OUTBOX && !NO_DRAIN && !outbox[1] && outbox[2] -> sendMessage(i, 2)
  :: OUTBOX && !NO_DRAIN && !outbox[1] && !outbox[2] && outbox[RUN] -> sendMessage(i, RUN)
  :: else -> mode[i] = LOADING
  fi
}

/* The commit is complete: the leader continues from the new state. */
inline settle(i, aKind) {
  if
  :: aKind == OCCURRENCE -> knownRev[i] = knownRev[i] + 1 - NO_REV; knownDue[i]++
  :: aKind == APPLY -> knownRev[i] = knownRev[i] + 1 - NO_REV
  :: else
  fi;
  commit[i] = 0; confirmed[i] = false; mode[i] = LEADING
}

inline idOf(i, aKind) {
  scratch = (aKind == OCCURRENCE -> knownDue[i] + 1 : (aKind == APPLY -> RUN : 0))
}

inline sendCommit(i, aKind) {
  idOf(i, aKind);
  send(i, COMMIT, aKind, scratch);
  scratch = 0;
  commit[i] = aKind;
  mode[i] = WAITING
}

proctype Instance(byte i) {
end:
  do
  /* Leadership.#follow, #beginTerm */
  :: atomic { mode[i] == FOLLOWING && holder == NONE && (i == 0 || begun) ->
      begun = true; holder = i; mode[i] = BEGINNING; send(i, BEGIN, 0, 0) }

  /* The request is served and answered. */
  :: atomic { call[i].op != 0 ->
      serve(call[i]);
      if
      :: answer == FENCED || answer == CONFLICT -> clear(call[i]); stepDown(i)     /* TermEnded */
      :: answer == DONE && call[i].op == BEGIN -> clear(call[i]); token[i] = newest; drain(i)
      :: answer == DONE && call[i].op == COMMIT ->
        scratch = call[i].id;
        clear(call[i]);
        if
        :: OUTBOX && scratch != 0 && outbox[scratch] ->
          /* A message that the broker confirmed is not published again in this term. */
          if
          :: confirmed[i] -> send(i, REMOVE, 0, scratch)
          :: else -> sendMessage(i, scratch)
          fi
        :: else -> settle(i, commit[i])
        fi;
        scratch = 0
      :: answer == DONE && call[i].op == PUBLISH ->
        scratch = call[i].id;
        clear(call[i]);
        confirmed[i] = true;
        if
        :: !REMOVE_FIRST -> send(i, REMOVE, 0, scratch)
        :: REMOVE_FIRST && commit[i] != 0 -> settle(i, commit[i])
        :: REMOVE_FIRST && commit[i] == 0 -> drain(i)
        fi;
        scratch = 0
      :: answer == DONE && call[i].op == REMOVE ->
        scratch = call[i].id;
        clear(call[i]);
        if
        :: REMOVE_FIRST -> send(i, PUBLISH, 0, scratch)
        :: !REMOVE_FIRST && commit[i] != 0 -> settle(i, commit[i])
        :: !REMOVE_FIRST && commit[i] == 0 -> confirmed[i] = false; drain(i)
        fi;
        scratch = 0
      fi;
      answer = 0 }

  /* There is no answer: the request was served, is late, or is lost. The leader repeats the commit, or gives up. */
  :: atomic { call[i].op != 0 && losses > 0 ->
      losses--;
      if
      :: serve(call[i]); served = (answer == DONE)
      :: late[0].op == 0 -> copy(call[i], late[0])
      :: late[0].op != 0 && late[1].op == 0 -> copy(call[i], late[1])
      :: true
      fi;
      answer = 0;
      served = served && call[i].op == COMMIT;
      clear(call[i]);
      if
      :: NO_RETRY && commit[i] != 0 -> settle(i, commit[i])
      :: !NO_RETRY && commit[i] != 0 -> sendCommit(i, commit[i]); call[i].served = served
      :: !NO_RETRY && commit[i] != 0 && commit[i] != OCCURRENCE ->
        /* CommandsNotCommitted: the log is read again in the same term. */
        commit[i] = 0; confirmed[i] = false; gaveUp[i] = !NO_NOTICE; mode[i] = LEADING
      :: commit[i] == 0 -> stepDown(i)
      fi;
      served = false }

  /* Ledger.load: what a newer term commits afterwards is unknown to this one. */
  :: atomic { mode[i] == LOADING -> knownRev[i] = rev; knownDue[i] = due; mode[i] = LEADING }

  /* Scheduler.tick, CommandInbox.run */
  :: atomic { mode[i] == LEADING && knownDue[i] < 2 -> sendCommit(i, OCCURRENCE) }
  :: atomic { mode[i] == LEADING && gaveUp[i] && audit != 0 -> stepDown(i) }
  :: atomic { mode[i] == LEADING && commands > 0 && !(gaveUp[i] && audit != 0) ->
      gaveUp[i] = false;
      if
      :: audit != 0 -> sendCommit(i, DROP)
      :: audit == 0 && decided[i] != REJECT -> decided[i] = (REDECIDE -> 0 : APPLY); sendCommit(i, APPLY)
      :: audit == 0 && decided[i] != APPLY -> decided[i] = (REDECIDE -> 0 : REJECT); sendCommit(i, REJECT)
      fi }

  /* A later occurrence becomes due, and its commit is fenced. */
  :: atomic { mode[i] == LEADING && token[i] != newest && !NO_TOKEN_CHECK -> stepDown(i) }

  /* The lock is lost: the instance learns it at any time, or never. */
  :: atomic { mode[i] != FOLLOWING && holder != i -> stepDown(i) }
  od
}

proctype Environment() {
  byte n;
end:
  do
  :: atomic { sends > 0 -> sends--; commands++ }
  /* A frozen instance, or a clock that runs at another speed: the lock expires although its holder leads. */
  :: atomic { expiries > 0 && holder != NONE -> expiries--; holder = NONE }
  /* A holder that does not lead does not renew, so its lock expires in any case. */
  :: atomic { !NO_EXPIRY && holder != NONE && mode[holder] == FOLLOWING -> holder = NONE }
  /* An instance dies, and starts again: one that is down does nothing, like one that follows. */
  :: atomic { crashes > 0 ->
      if :: mode[0] != FOLLOWING -> n = 0 :: mode[1] != FOLLOWING -> n = 1 fi;
      crashes--; forget(n); mode[n] = FOLLOWING; n = 0 }
  :: atomic { late[0].op != 0 ->
      if :: serve(late[0]) :: true fi;
      answer = 0; copy(late[1], late[0]); clear(late[1]) }
  :: atomic { late[1].op != 0 ->
      if :: serve(late[1]) :: true fi;
      answer = 0; clear(late[1]) }
  /* Faults end. */
  :: atomic { FAULTS -> expiries = 0; losses = 0; crashes = 0; sends = 0 }
  od
}

init { atomic { run Instance(0); run Instance(1); run Environment() } }

/* (5), (6), (7): an instance leads, and everything that is due or was sent is dealt with. */
#define LEADS (holder != NONE && mode[holder] == LEADING)
#define DUE_DONE (due == 2 && committed[1] == 1 && committed[2] == 1)
#define COMMANDS_DONE (commands == 0 && (audit == APPLY) == (committed[RUN] == 1))
#define PUBLISHED (queue[1] >= 1 && queue[2] >= 1 && (committed[RUN] == 0 || queue[RUN] >= 1))
#define OUTBOX_EMPTY (!outbox[1] && !outbox[2] && !outbox[RUN])
#define ONCE (OUTBOX || (queue[1] <= 1 && queue[2] <= 1 && queue[RUN] <= 1))

ltl live { <> [] (LEADS && DUE_DONE && COMMANDS_DONE && PUBLISHED && OUTBOX_EMPTY && ONCE) }
