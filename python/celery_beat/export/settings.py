"""The settings of an app that shape the messages of a producer."""
import enum

from celery.app.defaults import DEFAULTS

from .queues import export_queues
from .report import RAISED, path_of, show
from .routes import export_routes
from .values import NotPlain, require_json, typed
from .zones import zone_name

#: Carried as they are, where they are not Celery's defaults.
PLAIN = """
    accept_content beat_cron_starting_deadline broker_connection_timeout broker_failover_strategy broker_heartbeat
    broker_login_method broker_native_delayed_delivery_queue_type broker_transport_options broker_use_ssl
    event_exchange event_serializer redis_backend_use_ssl result_backend_transport_options result_expires
    task_compression task_create_missing_queue_exchange_type task_create_missing_queue_type
    task_create_missing_queues task_default_delivery_mode task_default_exchange task_default_exchange_type
    task_default_priority task_default_queue task_default_queue_type task_default_routing_key task_ignore_result
    task_protocol task_queue_max_priority task_send_sent_event task_serializer
""".split()


def export_settings(app, report):
    """Returns the settings under their names since Celery 4, and the queues that options name as objects."""
    conf = app.conf
    settings = {'broker_url': broker_url(app)}
    settings.update(_zone(app, report))
    if conf.result_backend:
        backend = conf.result_backend
        settings['result_backend'] = str.__str__(backend) if isinstance(backend, str) else path_of(backend)
    for key in PLAIN:
        try:
            value = conf.get(key)
            if not value == DEFAULTS.get(key):
                settings[key] = typed(_with_names(value))
        except NotPlain as error:
            report.missing('the setting {} cannot be written: {}'.format(key, error), 'write it by hand')
        except RAISED:
            report.missing('the setting {} is {}'.format(key, path_of(conf.get(key))), 'write a value of plain data')
    queues = export_queues(conf.task_queues, report)
    if queues:
        settings['task_queues'] = queues
    routes = export_routes(conf.task_routes)
    if routes:
        settings['task_routes'] = routes
    if conf.task_always_eager:
        report.note('task_always_eager is set: Celery\'s beat runs these tasks in its own process',
                    'beat sends them to workers, as every other scheduler does')
    return {key: value for key, value in settings.items() if _is_json(key, value, report)}


def _is_json(key, value, report):
    try:
        require_json(value)
    except NotPlain as error:
        report.missing('the setting {} cannot be written: {}'.format(key, error), 'write it by hand')
        return False
    return True


def broker_url(app):
    """The broker of a producer, with its password, or a list of them."""
    url = app.conf.broker_write_url
    if isinstance(url, (list, tuple)):
        return [str(each) for each in url]
    if url and '://' in url and not app.conf.get('broker_transport'):
        return str(url)
    # Without a URL, or with BROKER_HOST and the like, the connection knows what they amount to.
    connection = app.connection_for_write()
    if not url and not app.conf.get('broker_transport'):
        return 'amqp://guest:guest@127.0.0.1:5672//'
    return connection.as_uri(include_password=True)


def _zone(app, report):
    conf = app.conf
    if not conf.timezone:
        return {} if conf.enable_utc else {'enable_utc': False}
    name = zone_name(app.timezone) or zone_name(conf.timezone)
    if name is None:
        report.missing('the setting timezone is {}, which has no IANA name'.format(show(conf.timezone)),
                    'write the name of a zone such as Europe/Oslo')
        return {}
    return {} if name == 'UTC' else {'timezone': name}


def _with_names(value):
    """The constants of the module `ssl`, such as `CERT_REQUIRED`, as their names; members of enumerations as values."""
    if isinstance(value, enum.Enum):
        return value.name if type(value).__module__ == 'ssl' else value.value
    if isinstance(value, dict):
        return {key: _with_names(each) for key, each in value.items()}
    return value
