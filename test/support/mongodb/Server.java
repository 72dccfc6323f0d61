import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A server in memory that speaks MongoDB's protocol, for tests where no MongoDB can be installed. With the argument
 * `set` it is a replica set of one member with transactions: nobody sees their writes before the commit, and a write to
 * a document that an open transaction has written fails with MongoDB's WriteConflict. Otherwise it is a single server,
 * which rejects transactions as MongoDB's does. Prints its port.
 */
public class Server extends MemoryBackend {
  private static final Set<String> WRITES = Set.of("insert", "update", "delete", "findAndModify");

  /** A document before and after a write of a transaction; `null` where there is none. */
  private record Change(Document before, Document after) {}

  /** The changes of a transaction by collection (with its database) and id. */
  private static final class Transaction {
    final Map<String, Map<Object, Change>> changes = new LinkedHashMap<>();
    boolean ended;
  }

  private final boolean isReplicaSet;
  private final Map<String, Transaction> open = new LinkedHashMap<>();
  private final Set<String> capped = new java.util.HashSet<>();
  /** The transaction whose changes are in the data at this moment; `null` for none. */
  private Transaction applied;
  private String address = "";

  private Server(boolean isReplicaSet) {
    this.isReplicaSet = isReplicaSet;
    version(new MongoVersion() {
      public List<Integer> getVersionArray() {
        return List.of(7, 0, 0, 0);
      }

      public int getWireVersion() {
        return 21;
      }
    });
  }

  public static void main(String[] args) throws InterruptedException {
    Server backend = new Server(args.length > 1 && args[1].equals("set"));
    InetSocketAddress bound = new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0]));
    MongoServer server = new MongoServer(backend);
    server.bind(bound);
    backend.address = "127.0.0.1:" + server.getLocalAddress().getPort();
    System.out.println("port " + server.getLocalAddress().getPort());
    Thread.sleep(Long.MAX_VALUE);
  }

  @Override
  public Document handleCommand(Channel channel, String database, String command, Document query) {
    return describe(command, super.handleCommand(channel, database, command, query));
  }

  @Override
  public synchronized QueryResult handleQuery(MongoQuery query) {
    return super.handleQuery(query);
  }

  @Override
  public synchronized Document handleMessage(MongoMessage message) {
    Document request = message.getDocument();
    String command = request.keySet().iterator().next();
    // A client that asks for the newest handshake gets MongoDB's answer to the older one, which has the same content.
    if (command.equals("hello")) return describe(command, run(message, with(request, "ismaster", 1, "hello")));
    boolean inTransaction = Boolean.FALSE.equals(request.get("autocommit"));
    if (!inTransaction) {
      show(message, null);
      return isReplicaSet ? runBeside(message, request, command) : run(message, request);
    }
    if (!isReplicaSet) {
      return error(20, "IllegalOperation", "Transaction numbers are only allowed on a replica set member or mongos");
    }
    String id = ((Document) request.get("lsid")).get("id") + " " + request.get("txnNumber");
    if (Boolean.TRUE.equals(request.get("startTransaction"))) open.put(id, new Transaction());
    Transaction transaction = open.get(id);
    if (command.equals("commitTransaction") && (transaction == null || transaction.ended)) return ok();
    if (transaction == null || transaction.ended) return conflict("transaction " + id + " has been aborted");
    if (command.equals("commitTransaction")) {
      show(message, transaction);
      open.remove(id);
      applied = null;
      return ok();
    }
    if (command.equals("abortTransaction")) {
      abort(message, id, transaction);
      return ok();
    }
    return runInside(message, request, command, id, transaction);
  }

  /** Puts the changes of a transaction into the data, in place of those of another. */
  private void show(MongoMessage message, Transaction transaction) {
    if (applied == transaction) return;
    if (applied != null) applied.changes.forEach((collection, changes) -> write(message, collection, changes, false));
    applied = transaction;
    if (applied != null) applied.changes.forEach((collection, changes) -> write(message, collection, changes, true));
  }

  private void abort(MongoMessage message, String id, Transaction transaction) {
    show(message, null);
    transaction.ended = true;
    open.remove(id);
  }

  /** Runs a command of a transaction on the data with the changes of that transaction. */
  private Document runInside(MongoMessage message, Document request, String command, String id, Transaction own) {
    show(message, own);
    if (!WRITES.contains(command)) return run(message, request);
    String collection = request.get("$db") + "." + request.get(command);
    if (capped.contains(collection)) {
      abort(message, id, own);
      return error(263, "OperationNotSupportedInTransaction", "Collection " + collection + " is a capped collection");
    }
    Object ids = idsOf(request, command);
    Map<Object, Document> before = read(message, collection, ids);
    Document answer = run(message, request);
    Map<Object, Change> changes = own.changes.computeIfAbsent(collection, key -> new LinkedHashMap<>());
    Map<Object, Change> differences = differences(before, read(message, collection, ids));
    boolean isConflict = differences.keySet().stream().anyMatch(each -> isLocked(collection, each, own));
    if (isConflict || answer.containsKey("writeErrors")) {
      // MongoDB aborts a transaction with its first failed write.
      write(message, collection, differences, false);
      abort(message, id, own);
      return isConflict ? conflict("Write conflict during plan execution") : answer;
    }
    differences.forEach((each, change) -> {
      Change first = changes.get(each);
      changes.put(each, new Change(first == null ? change.before() : first.before(), change.after()));
    });
    return answer;
  }

  /** Runs a command without a transaction. */
  private Document runBeside(MongoMessage message, Document request, String command) {
    if (open.isEmpty() || !WRITES.contains(command)) return run(message, request);
    String collection = request.get("$db") + "." + request.get(command);
    Object ids = idsOf(request, command);
    Map<Object, Document> before = read(message, collection, ids);
    Document answer = run(message, request);
    Map<Object, Change> differences = differences(before, read(message, collection, ids));
    if (differences.keySet().stream().noneMatch(each -> isLocked(collection, each, null))) return answer;
    write(message, collection, differences, false);
    return error(112, "WriteConflict", "Write conflict during plan execution");
  }

  private boolean isLocked(String collection, Object id, Transaction except) {
    return open.values().stream()
        .anyMatch(each -> each != except && each.changes.getOrDefault(collection, Map.of()).containsKey(id));
  }

  /** A filter for the documents that a command may write; all, unless it names them. */
  private static Object idsOf(Document request, String command) {
    List<Object> ids = new ArrayList<>();
    if (command.equals("insert")) {
      for (Object each : (Iterable<?>) request.get("documents")) ids.add(((Document) each).get("_id"));
    } else if (command.equals("update")) {
      for (Object each : (Iterable<?>) request.get("updates")) {
        Object id = ((Document) ((Document) each).get("q")).get("_id");
        if (id == null || id instanceof Document) return new Document();
        ids.add(id);
      }
    } else {
      return new Document();
    }
    return new Document("_id", new Document("$in", ids));
  }

  /** Writes the documents after these changes, or before them. */
  private void write(MongoMessage message, String collection, Map<Object, Change> changes, boolean after) {
    for (var each : changes.entrySet()) {
      Document document = after ? each.getValue().after() : each.getValue().before();
      Document filter = new Document("q", new Document("_id", each.getKey())).append("limit", 1);
      send(message, collection, "delete", "deletes", filter);
      if (document != null) send(message, collection, "insert", "documents", document.cloneDeeply());
    }
  }

  private void send(MongoMessage message, String collection, String command, String list, Document item) {
    Document request = new Document(command, name(collection)).append("$db", database(collection));
    run(message, request.append(list, List.of(item)));
  }

  private Map<Object, Document> read(MongoMessage message, String collection, Object filter) {
    Document request = new Document("find", name(collection)).append("$db", database(collection));
    Document answer = run(message, request.append("filter", filter).append("batchSize", 1_000_000));
    Map<Object, Document> found = new LinkedHashMap<>();
    for (Object each : (Iterable<?>) ((Document) answer.get("cursor")).get("firstBatch")) {
      Document document = ((Document) each).cloneDeeply();
      found.put(document.get("_id"), document);
    }
    return found;
  }

  private static Map<Object, Change> differences(Map<Object, Document> before, Map<Object, Document> after) {
    Map<Object, Change> found = new LinkedHashMap<>();
    List<Object> ids = new ArrayList<>(before.keySet());
    ids.addAll(after.keySet());
    for (Object id : ids) {
      if (!java.util.Objects.equals(before.get(id), after.get(id))) {
        found.put(id, new Change(before.get(id), after.get(id)));
      }
    }
    return found;
  }

  private Document run(MongoMessage message, Document request) {
    Document plain = request.clone();
    for (String key : List.of("autocommit", "startTransaction", "txnNumber")) plain.remove(key);
    // The server has no capped collections: one that was asked for grows without a limit.
    if (plain.containsKey("capped")) capped.add(plain.get("$db") + "." + plain.get("create"));
    if (plain.containsKey("create")) for (String key : List.of("capped", "size")) plain.remove(key);
    return super.handleMessage(new MongoMessage(message.getChannel(), message.getHeader(), plain));
  }

  private Document describe(String command, Document answer) {
    if (!Set.of("hello", "ismaster", "isMaster").contains(command)) return answer;
    answer.append("logicalSessionTimeoutMinutes", 30);
    if (!isReplicaSet) return answer;
    return answer.append("setName", "rs0").append("hosts", List.of(address)).append("me", address)
        .append("primary", address).append("secondary", false).append("isWritablePrimary", true)
        .append("ismaster", true).append("setVersion", 1);
  }

  private static Document with(Document request, String key, Object value, String without) {
    Document changed = new Document(key, value);
    request.forEach((name, each) -> {
      if (!name.equals(without)) changed.append(name, each);
    });
    return changed;
  }

  private static Document ok() {
    return new Document("ok", 1.0);
  }

  private static Document error(int code, String name, String text) {
    return new Document("ok", 0.0).append("errmsg", text).append("code", code).append("codeName", name);
  }

  private static Document conflict(String text) {
    return error(112, "WriteConflict", text).append("errorLabels", Collections.singletonList("TransientTransactionError"));
  }

  private static String database(String collection) {
    return collection.substring(0, collection.indexOf('.'));
  }

  private static String name(String collection) {
    return collection.substring(collection.indexOf('.') + 1);
  }
}
