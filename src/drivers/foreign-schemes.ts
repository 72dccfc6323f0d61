const SENTINELS =
  '; sentinels are written sentinel://host:26379/0;sentinel://…, with masterName in brokerTransportOptions';

/** A hint for a scheme of another library, to be appended to an error; `null` for an unknown one. */
export function explainForeignScheme(scheme: string): string | null {
  if (/^redis[-+]sentinel$/.test(scheme)) return SENTINELS;
  if (/^sentinels$|^sentinel\+|^rediss[-+]sentinel$/.test(scheme)) {
    return `${SENTINELS}; ?ssl_cert_reqs=required or brokerUseSsl encrypts connections to the master`;
  }
  if (/^redis[-+]cluster$/.test(scheme)) return "; Celery's workers do not support Redis Cluster";
  if (scheme === 'rediss+socket') return '; a socket of this host needs no encryption: redis+socket://';
  return null;
}
