from calls.partitions import AddPartitionedIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # deliveries go on meanwhile

    dependencies = [
        ('calls', '0006_rollups'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='cdrbatch',
            index=models.Index(condition=models.Q(('unfolded', True)), fields=['id'], name='batch_unfolded'),
        ),
        AddPartitionedIndex(
            model_name='cdr',
            index=models.Index(fields=['batch_id'], name='cdr_by_batch'),
        ),
    ]
