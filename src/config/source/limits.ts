/** Levels of lists and maps in a configuration; the deepest useful one (nested canvases) has 300. */
export const MAX_DEPTH = 500;

/** The most values that all aliases of one YAML file may expand to. */
export const MAX_ALIASED = 2_000_000;

/** Bytes of one configuration file, unless `BEAT_MAX_CONFIG_SIZE` says otherwise. */
export const MAX_FILE_SIZE = 64 * 1024 * 1024;

export const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`;

export const EMPTY = 'is empty; an empty configuration is written {}';
