# beat as a container: no root, no shell, no package manager, no writes except to /data.
#   docker build -t celery-beat .
#   docker run -v ./schedules:/etc/beat:ro -v beat:/data celery-beat
# The Node of the image runs everything; the npm package `node` is only for machines without one.

# Debian's C and C++ libraries, CA certificates and nothing else. `beat worker` runs commands and needs a
# shell: build for it with BASE=node:24-bookworm-slim, or an image of your own with glibc and libstdc++.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY scripts/bundle.js scripts/copy-assets.js scripts/
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json --declaration false && node scripts/copy-assets.js && node scripts/bundle.js

FROM node:24-bookworm-slim AS production
# The brokers and stores that the image supports; SQLite needs no client.
ARG DRIVERS=redis,amqp,postgresql,mysql,sqs,mongodb
WORKDIR /celery-beat
COPY package.json package-lock.json .npmrc LICENSE ./
RUN npm ci --omit=dev --ignore-scripts && npm pkg delete devDependencies
COPY scripts/image/omit-clients.ts scripts/image/
RUN node scripts/image/omit-clients.ts "$DRIVERS" && rm -r scripts
RUN npm sbom --sbom-format cyclonedx > sbom.cdx.json && rm package-lock.json .npmrc
# Types and source maps are for developers.
RUN find node_modules -type f -regex '.*\.\([cm]?ts\|map\)' -delete && find node_modules -type d -empty -delete
COPY --from=build /app/bundle bundle
COPY --from=build /app/dist dist
# Node finds this folder from everywhere, so that a mounted schedule may `import { crontab } from 'celery-beat'`.
RUN mkdir -p /image/node_modules /image/etc/beat /image/usr/local/bin /data \
  && ln -s /app /image/node_modules/celery-beat \
  && cp /usr/local/bin/node /image/usr/local/bin/ \
  && cp -r /celery-beat /image/app

# hadolint ignore=DL3006
FROM ${BASE}
COPY --from=production /image /
COPY --from=production --chown=10001:10001 /data /data
ENV NODE_ENV=production BEAT_CONFIG=/etc/beat
# Without a broker URL, the embedded store is a file in the working directory.
WORKDIR /data
VOLUME /data
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=15s CMD ["node", "/app/dist/cli/beat.js", "healthcheck"]
# Node's own limit of the heap exceeds the memory of a small container, and its young generation takes 100 MB in bursts:
# see "Memory" in docs/production.md.
# Without --disable-sigusr1, SIGUSR1 opens a debugger port until beat ignores the signal.
ENTRYPOINT ["node", "--disable-sigusr1", "--max-old-space-size-percentage=50", "--max-semi-space-size=4", "/app/dist/cli/beat.js"]

ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
LABEL org.opencontainers.image.title="celery-beat" \
  org.opencontainers.image.description="The periodic scheduler for Celery workers: never twice, never lost, one leader." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION" \
  org.opencontainers.image.created="$CREATED" \
  org.opencontainers.image.source="$SOURCE"
